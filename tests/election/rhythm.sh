# Sourced by tests/demo in place of the voting: one voter after the other, at irregular times; two copies on the way.
shuf "$P/list.txt" >"$P/arrival.txt"
half=$(($(wc -l <"$P/arrival.txt") / 3)) n=0
mkdir -p "$P/order"
while read -r message choose odd; do
	$urna vote --message "$message" --choose "$choose" --otp-dir "$work/outbox" --receipt "$work/receipts/$n" >/dev/null || exit 1
	n=$((n + 1))
	if [ $((n % half)) = 0 ]; then mkdir -p "$P/copies"; cp -r "$D" "$P/copies/$n"; cp -r "$work/outbox" "$P/copies/$n/outbox"; fi
	sleep "0.0$((RANDOM % 10))"
done <"$P/arrival.txt"
$urna roll list --record "$R" --private "$P/roll" --private-key "$P/roll.key" | python3 -c 'import json, sys
print(json.dumps({u: int(i) for i, u in (x.split() for x in sys.stdin)}))' >"$work/index.json"
