# Sourced by tests/demo at each phase and while the box is open: Go's packages read both logs from the running service, every head they were
# shown before must be of the same history, and at the end the heads must meet the policy that the call makes.
if ! command -v go >/dev/null || [ ! -d /usr/share/gocode/src/golang.org/x/mod/sumdb/tlog ]; then
	echo "golang-go and golang-golang-x-mod-dev are not installed: they do not read the running service"
else
	[ "$moment" != key ] || rm -rf "$work/heads" # another opening has other logs
	mkdir -p "$work/heads"
	[ -x "$work/interop" ] || GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$PWD/build/go-cache GOFLAGS= go build -o "$work/interop" tests/interop/main.go
	$verify policy "$R/call.json" >"$work/policy"
	for log in events $([ "$moment" = key ] || echo ballots); do
		url=http://127.0.0.1:$B/$log vkey=$(sed -n "s|^log \(urna.example/$log+[^ ]*\).*|\1|p" "$work/policy")
		"$work/interop" log "$url" "$vkey" $(ls "$work/heads/$log"-* 2>/dev/null) || exit 1
		curl -sf -o "$work/heads/$log-$(date +%s)" "$url/checkpoint"
		[ "$(sed -n 2p "$work/heads/$log"-* | head -1)" != 0 ] || rm "$work/heads/$log"-* # nothing continues from an empty tree
		[ "$moment" = handover ] || continue
		for _ in $(seq 50); do [ "$(curl -s "$url/checkpoint" | grep -c '^— testigo-')" -lt 2 ] || break; sleep 0.1; done
		$verify log "$url" --policy "$work/policy" || exit 1
	done
fi
