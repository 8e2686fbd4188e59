# Sourced by tests/demo in place of the voting: the public head lags behind what is signed; then the disk fails under urnad, the card
# of the log's key is taken away, and the log of events cannot be signed at the hour.
health() { curl -s -o "$work/health" -w '%{http_code}' --unix-socket "$S" http://urnad/health; }
until_health() { # status, what it says
	for _ in $(seq 150); do [ "$(health)" = "$1" ] && grep -qE "$2" "$work/health" && return; sleep 0.1; done
	echo "the state is not $1, $2: $(cat "$work/health")"; exit 1
}
told() { # the incident entry of what is over
	for _ in $(seq 100); do grep -rqaE "from [0-9TZ:-]* to [0-9TZ:-]*: .*$1" "$R/events/tile/entries" && { echo "  told in events: $1"; return; }; sleep 0.1; done
	echo "no incident entry tells of it: $1"; exit 1
}
line=0
next() { line=$((line + 1)); read -r message choose _ < <(sed -n "${line}p" "$P/list.txt"); }
vote() { $urna vote --message "$message" --choose "$choose" --otp-dir "$work/outbox" --receipt "$work/receipts/$((line - 1))" --mine "$work/mine-$line" "$@"; }
refused() { if vote "$@" >"$work/refused" 2>&1; then echo "acknowledged all the same"; exit 1; fi; }
code() { curl -s -o "$work/answer" -w '%{http_code}' "$@"; }
public() { curl -s "http://127.0.0.1:$B/ballots/checkpoint" | sed -n 2p; }

# two cadences
for _ in 1 2 3 4; do
	next; vote >/dev/null; first=$((line - 1))
	signed=$($verify receipt "$work/receipts/$first" --ballot "$work/receipts/$first.ballot" --log-key "$(cat "$K/ballots.key.pub")" | sed -n 's/.* of a tree of //p')
	tiles=$(for t in 0 entries; do code "http://127.0.0.1:$B/ballots/tile/$t/000.p/$signed"; done)
	shown=$(public); [ "$shown" -ge "$signed" ] || break
done
[ "$shown" -lt "$signed" ] || { echo "every head was public at once"; exit 1; }
[ "$tiles" = 404404 ] || { echo "tiles beyond the public head: $tiles"; exit 1; }
echo "  the receipt is of a head of $signed, the public head is of $shown, and there is no tile beyond it"
again() { $urna vote receipt --message "$message" --mine "$work/mine-$line" --receipt "$work/receipts/$first"; }
for _ in $(seq 100); do again >"$work/again"; ! grep -q "; [23] of 3 witnesses signed its head$" "$work/again" || break; sleep 0.3; done
grep "; [23] of 3 witnesses signed its head$" "$work/again"
[ "$(grep -c '^— testigo-' "$work/receipts/$first")" -ge 2 ]; [ "$(public)" -ge "$signed" ]
[ "$(code "http://127.0.0.1:$B/ballots/tile/entries/000.p/$signed")" = 200 ]
cp "$work/receipts/$first" "$work/kept"; mine=$work/mine-$line; next; vote >/dev/null
if $urna vote receipt --message "$message" --mine "$mine" --receipt "$work/receipts/$first" 2>"$work/refused"; then echo "a receipt for another voter"; exit 1; fi
grep -q "user name or password" "$work/refused"; cmp "$work/kept" "$work/receipts/$first"

# the disk: one voter has a ballot that is not cast yet, another begins
next; early=$line; vote --ballot "$work/early" --no-cast >/dev/null; mine=$message
next
begin_fault() { # system call
	strace -f -qq -o /dev/null -e trace="$1" -e inject="$1:error=EIO" -p "$pid" & tracer=$!
	for _ in $(seq 50); do grep -q "^TracerPid:[[:space:]]*[1-9]" "/proc/$pid/status" && break; sleep 0.1; done; sleep 0.5
}
end_fault() { kill "$tracer"; wait "$tracer" 2>/dev/null || true; }
begin_fault fdatasync
refused; [ "$(code --data-binary "@$work/early" "http://127.0.0.1:$B/cast")" = 500 ] || { echo "cast on a failing disk: $(cat "$work/answer")"; exit 1; }
for part in registry events ballots; do until_health 503 "\"$part: "; done; cat "$work/health"
curl -s --unix-socket "$S" http://urnad/metrics | grep -q '^urna_healthy 0$'; curl -s "http://127.0.0.1:$A/status" | tr -d ' \n' | grep -q '"failing":\["events","ballots","registry"\]'
end_fault
until_health 200 '"ok": true'; curl -s --unix-socket "$S" http://urnad/metrics | grep -q '^urna_healthy 1$'
told registry
[ "$(code --data-binary "@$work/early" "http://127.0.0.1:$B/cast")" = 200 ]; cp "$work/answer" "$work/receipts/$((early - 1))"; cp "$work/early" "$work/receipts/$((early - 1)).ballot"
vote >/dev/null
begin_fault fsync
next; refused; until_health 503 '"disk: .*outbox'
end_fault
until_health 200 '"ok": true'; vote >/dev/null

# the card of the log of events is taken away, and put back
incident() { $urna event submit --record "$R" --socket "$S" --kind incident --fact "what=$1" $(by operador); }
mv "$work/tokens" "$work/tokens-away"
if incident ensayo >"$work/refused" 2>&1; then echo "signed without the card"; exit 1; fi
until_health 503 "events: the log's key urna.example/events does not sign"
next; vote >/dev/null # the log of ballots has another key
mv "$work/tokens-away" "$work/tokens"
until_health 200 '"ok": true'; incident ensayo; told "does not sign"

head -$((line)) "$P/list.txt" >"$P/done.txt"; tail -n +$((line + 1)) "$P/list.txt" >"$P/rest.txt"; mkdir -p "$work/receipts/rest"
$urna vote many --list "$P/rest.txt" --otp-dir "$work/outbox" --threads 2 --receipts "$work/receipts/rest"
[ "$(counts authorizations)" = "$(wc -l <"$P/list.txt")" ] || { echo "authorizations: $(counts authorizations)"; exit 1; }

# at the hour the log of events cannot be signed: the phase goes on in it, and nobody casts all the same
before_close() {
	while [ "$(date +%s)" -lt $((closes - 1)) ]; do sleep 0.1; done
	mv "$F/events.head" "$F/away"
	while [ "$(date +%s)" -le $((closes + 3)) ]; do sleep 0.1; done
	[ "$(code --data-binary "@$work/early" "http://127.0.0.1:$B/cast")" = 503 ] || { echo "cast after the hour: $(cat "$work/answer")"; exit 1; }
	echo "  after the hour, in state $(state): nobody casts"; health >/dev/null; cat "$work/health"
	[ "$(state)" = open ] || exit 1
	mv "$F/away" "$F/events.head"
}
after_close() { told "is gone or was changed by another process"; }
