# Sourced by the scripts of tests/election: what must be refused, with its reason, and must change nothing.
# What the service's stores hold; entries of events come by themselves, and a code waits in the outbox for its voter.
stores() { curl -s --unix-socket "$S" http://urnad/zero | grep -E '"(ballots|authorizations|confirmations)"' || true; }
refuse() { # what, pattern, command...
	local what=$1 want=$2 got before; shift 2
	before=$(stores)
	if got=$("$@" 2>&1); then echo "NOT REFUSED: $what: $got"; exit 1; fi
	grep -qiE "$want" <<<"$got" || { echo "WRONG REASON: $what: $got"; exit 1; }
	[ "$(stores)" = "$before" ] || { echo "REFUSED, AND CHANGED: $what: $before, then $(stores)"; exit 1; }
	echo "  refused: $what"
}
expect() { # what, status, got, [what the answer says]
	[ "$2" = "$3" ] && grep -qiE "${4:-}" "$work/answer" || { echo "$1: status $3, expected $2: $(cat "$work/answer")"; exit 1; }
	echo "  $3 as it should: $1"
}
post() { curl -s -o "$work/answer" -w '%{http_code}' --data-binary "$2" "http://127.0.0.1:$1"; }
forger() { build/release/tests/example_forger "$@"; }
refused_steps() { cat $(find "$R/events/tile/entries" -type f) | grep -ao 'step refused' | wc -l; }
