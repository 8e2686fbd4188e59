# Sourced by tests/demo as MOMENT: what must be refused before the opening, and between it and the hour.
. tests/election/refuse.sh
before_open() {
	: >"$work/outbox/left-over"
	refuse "an opening with a store that is not empty" "store outbox is not empty" $urna open --record "$R" --socket "$S" --installed build/bin/urnad --installed build/bin/urna --installed build/bin/urna-verify $(by operador)
	rm "$work/outbox/left-over"
	[ ! -e "$R/opening.json" ] && [ ! -e "$R/zero-report.json" ] || { echo "a refused opening left files"; exit 1; }
}
after_open() { # signed by the operator alone, by nobody, by the notary alone
	local note=$R/opening.json.note
	refuse "loading an opening that the notary did not sign" "opening.json.note.*notaria" $urna open --load --socket "$S"
	mv "$note" "$work/operator.note"
	refuse "loading an opening without a note" "opening.json.note" $urna open --load --socket "$S"
	$urna notary sign opening --record "$R" $(by notaria) --yes >/dev/null
	refuse "loading an opening that the operator did not sign" "opening.json.note.*operador" $urna open --load --socket "$S"
	mv "$work/operator.note" "$note"
	[ "$(state)" = before ] && ! cat $(find "$R/events/tile/entries" -type f) | grep -qa '"kind": "opening"' || { echo "an unsigned opening is in events"; exit 1; }
}
if [ "$moment" = opening ]; then
	[ "$(state)" = before ] || { echo "too late to see what is refused before the hour"; exit 1; }
	read -r message choose _ <"$P/list.txt"
	printf x >"$work/bad"
	expect "casting before the hour, with a loaded opening" 503 "$(post "$B/cast" @"$work/bad")" "not open yet"
	refuse "voting before the hour, with a loaded opening" "not open yet" $urna vote --message "$message" --choose "$choose" --otp-dir "$work/outbox"
	[ "$(state)" = before ] || { echo "too late to see what is refused before the hour"; exit 1; }
fi
