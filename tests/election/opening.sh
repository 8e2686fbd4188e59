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
	# hours that are over, and all is signed
	local honest=$work/honest n; cp -r "$R" "$honest"; cp "$work/operator.note" "$honest/opening.json.note"
	$urna notary sign opening --record "$honest" $(by notaria) --yes >/dev/null
	python3 - "$R" <<'P'
import hashlib, json, re, sys
m = open(sys.argv[1] + "/manifest.json", encoding="utf-8").read()
for name, hour in (("opens", "2026-02-01T00:00:00Z"), ("closes", "2026-02-02T00:00:00Z")):
    m = re.sub('"%s": "[^"]*"' % name, '"%s": "%s"' % (name, hour), m, count=1)
open(sys.argv[1] + "/manifest.json", "w", encoding="utf-8").write(m)
o = json.load(open(sys.argv[1] + "/opening.json"))
o["manifest"] = hashlib.sha256(m.encode()).hexdigest()
json.dump(o, open(sys.argv[1] + "/opening.json", "w"))
P
	rm "$R"/{manifest,opening}.json.note
	forger sign "$honest" manifest "$R/manifest.json" "$K" operador; for n in operador notaria; do forger sign "$honest" opening "$R/opening.json" "$K" $n; done
	refuse "loading an opening whose closing hour is past" "the closing hour 2026-02-02T00:00:00Z is past" $urna open --load --socket "$S"
	sleep 2 # the authorizers see it too, signed by all, and are not bound by what events does not name
	cp "$honest"/{manifest.json{,.note},opening.json} "$R/"; mv "$work/operator.note" "$note"
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
