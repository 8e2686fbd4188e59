# Sourced by tests/demo while the box is open: what must be refused, and what must not change anything.
. tests/election/refuse.sh
message=$(awk 'NR==1{print $1}' "$P/list.txt") choose=$(awk 'NR==1{print $2}' "$P/list.txt")
other=$(sed 's/pre=[A-Z0-9_]*/pre=VOTOS_NULOS/' <<<"$choose")
# one who authorizes, and whose ballot will come too late (counting.sh)
late=$(grep -l '"persona000009"' "$work"/delivered/*)
$urna vote --message "$late" --choose "pre=A,con=SI,ayu=A" --otp-dir "$work/outbox" --ballot "$work/late.ballot" --no-cast >/dev/null
kept=$(stores)
# nothing is cast, and no code asked for, while the voter's own files cannot be written, or the choice is none
careful=$(awk 'NR==3{print $1}' "$P/list.txt") || exit 1
for o in --receipt --mine --ballot; do
	refuse "voting with $o in no folder" "nothing was cast: .*no/such" $urna vote --message "$careful" --choose pre=A --otp-dir "$work/outbox" $o "$work/no/such/file"
done
refuse "a line that is none: those that are are listed" "no such line; its lines are: .*VOTOS_NULOS" $urna vote --message "$careful" --choose pre=UNO --otp-dir "$work/outbox"
refuse "a choice that names no contest" "give CONTEST=LINE; the contests of your ballot are: .*pre" $urna vote --message "$careful" --choose pre:A --otp-dir "$work/outbox"
refuse "a contest that is on another ballot" "no such contest on your ballot; it has: .*pre" $urna vote --message "$careful" --choose "pre=A,xyz=A" --otp-dir "$work/outbox"
echo "$careful pre=UNO" >"$work/one"
refuse "many voters of whom one fails" "0 of 1 voters, 1 failed" $urna vote many --list "$work/one" --otp-dir "$work/outbox"
refuse "a list that is not there" "no/such: No such file" $urna vote many --list "$work/no/such" --otp-dir "$work/outbox"
refuse "too many threads" "threads 99: give a number" $urna vote many --list "$work/one" --otp-dir "$work/outbox" --threads 99
# the same voter again, on another device: the same request is taken up, another ballot is refused
refuse "a second, different ballot of one voter" "cast a ballot already" $urna vote --message "$message" --choose "$other" --otp-dir "$work/outbox"
expect "the same ballot again gives its receipt" 200 "$(post "$B/cast" @"$work/receipts/0.ballot")"
head -c 100 "$work/receipts/0.ballot" >"$work/bad"; expect "a truncated ballot" 400 "$(post "$B/cast" @"$work/bad")"
{ cat "$work/receipts/0.ballot"; printf x; } >"$work/bad"; expect "a ballot with a byte more" 400 "$(post "$B/cast" @"$work/bad")"
head -c 300000 /dev/zero >"$work/bad"; expect "an oversized body" 413 "$(post "$B/cast" @"$work/bad")"
python3 - "$work/receipts/0.ballot" "$work" <<'P'
import sys
b = bytearray(open(sys.argv[1], "rb").read())
def put(name, at, value):
    c = bytearray(b); c[at] = value; open(sys.argv[2] + "/bad-" + name, "wb").write(c)
put("election", 0, b[0] ^ 1)
put("token", 80, b[80] ^ 1)
first = 32 + 2 + 32 + 1 + 385 * b[66] + 1
put("prefix", first, 4)
c = bytearray(b); c[first + 1:first + 33] = bytes(31) + b"\5"; open(sys.argv[2] + "/bad-curve", "wb").write(c)
put("proof", first + 70, b[first + 70] ^ 1)
put("signature", len(b) - 1, b[-1] ^ 1)
P
expect "a ballot that names another election" 400 "$(post "$B/cast" @"$work/bad-election")" election
expect "a false token" 403 "$(post "$B/cast" @"$work/bad-token")"
expect "a point with another prefix" 400 "$(post "$B/cast" @"$work/bad-prefix")"
expect "a point off the curve" 400 "$(post "$B/cast" @"$work/bad-curve")"
expect "a false proof" 403 "$(post "$B/cast" @"$work/bad-proof")"
expect "a false signature" 403 "$(post "$B/cast" @"$work/bad-signature")"
expect "a body that is no JSON" 400 "$(post "$A/login/start" '{"user": ')"
expect "an unknown field" 400 "$(post "$A/login/start" '{"user": "a", "client_nonce": "'$(printf '00%.0s' $(seq 32))'", "x": 1}')"
expect "an unknown user gets a nonce all the same" 200 "$(post "$A/login/start" '{"user": "nadie", "client_nonce": "'$(printf '00%.0s' $(seq 32))'"}')"
expect "a session that is none" 403 "$(post "$A/confirm" '{"session": "'$(printf '00%.0s' $(seq 32))'", "signature": "'$(printf '00%.0s' $(seq 64))'"}')"
[ "$(stores)" = "$kept" ] || { echo "what was refused changed the stores: $kept, then $(stores)"; exit 1; }
for _ in 1 2 3; do refuse "a wrong one-time code, typed" "code is wrong" $urna vote --message "$message" --choose "$choose" <<<000000; done
refuse "locked after three wrong codes" "wait some minutes" $urna vote --message "$message" --choose "$choose" <<<000000
steps=$(refused_steps)
refuse "a count before the close" "not at this step" $urna event submit --record "$R" --socket "$S" --kind count $(by operador)
refuse "a second key entry" "not at this step" $urna event submit --record "$R" --socket "$S" --kind key $(by operador)
refuse "loading an opening a second time" "an opening is loaded already" $urna open --load --socket "$S"
[ "$(refused_steps)" = $((steps + 3)) ] || { echo "of 3 steps out of order, events names $(($(refused_steps) - steps))"; exit 1; }
echo "  each step out of order stands in the log of events"
refuse "an opening while another is open" "not before its opening" $urna open --record "$R" --socket "$S" --installed $urnad --installed $urna $(by operador)
refuse "an entry signed by the wrong party" "missing|signature" $urna event submit --record "$R" --socket "$S" --kind seal $(by auditoria)
refuse "a second urnad on the same state" "another process" $urnad --config "$D/urnad.json"
challenger=$(awk 'NR==2{print $1}' "$P/list.txt")
$urna vote --message "$challenger" --choose "$(awk 'NR==2{print $2}' "$P/list.txt")" --otp-dir "$work/outbox" --challenge "$work/challenge.json"
cat "$K/auditoria.key.pub" >"$work/note.txt"
$urna event submit --record "$R" --socket "$S" --kind incident --fact "what=ensayo" --file "$work/note.txt" $(by operador)
# what the service shows is held against the call of the voter's message and the opening: nothing may be swapped under the same keys
for f in roll authorizers/autoridad.json key/transcript.json manifest.json opening.json; do
	cp "$R/$f" "$work/kept"; python3 - "$R/$f" <<'P'
import sys
b = bytearray(open(sys.argv[1], "rb").read()); b[len(b) * 2 // 3] ^= 1; open(sys.argv[1], "wb").write(b)
P
	refuse "another $f under the same keys" "$(basename "$f" .json)|another|signature|note|must be|modulus" $urna vote --message "$message" --choose "$choose" --otp-dir "$work/outbox"
	cp "$work/kept" "$R/$f"
done
# well formed, and signed again by whose it is: each is refused by what names the true one; at last by the log of events
X=$work/swap; rm -rf "$X"; mkdir -p "$X/acts"; cp -r "$R"/{call.json,call.json.note,key,authorizers} "$X/"
rm "$X"/authorizers/autoridad.json*; forger ceremony "$R" "$K" "$X/transcript.json"
$urna roll import --record "$X" --draft "$P/draft.json" --csv "$P/voters.csv" --queue "$X/queue" --private "$X/private" --private-key "$X/private.key" $(by registro) >/dev/null
$urna roll authorizer-keys --record "$X" --draft "$P/draft.json" --private "$X/rsa.keys" $(by autoridad service) >/dev/null
$urna manifest seal --draft "$P/draft.json" --record "$X" $(by operador) >/dev/null
mv "$X"/transcript.json{,.note} "$X/key/"
python3 - "$R/opening.json" "$X" <<'P'
import hashlib, json, sys
o, x = json.load(open(sys.argv[1])), sys.argv[2]
for name, file in (("transcript", "key/transcript.json"), ("manifest", "manifest.json"), ("roll", "roll")):
    o[name] = hashlib.sha256(open(x + "/" + file, "rb").read()).hexdigest()
json.dump(o, open(x + "/opening.json", "w"))
P
for n in operador notaria; do forger sign "$R" opening "$X/opening.json" "$K" $n; done
swapped() { # what, pattern, files: put in place of the record's own for one voter
	local what=$1 want=$2 f; shift 2
	for f in "$@"; do for f in "$f" "$f.note"; do cp "$R/$f" "$work/kept-$(basename "$f")"; cp "$X/$f" "$R/$f"; done; done
	refuse "$what" "$want" $urna vote --message "$message" --choose "$choose" --otp-dir "$work/outbox"
	for f in "$@"; do for f in "$f" "$f.note"; do cp "$work/kept-$(basename "$f")" "$R/$f"; done; done
}
swapped "another roll of the registrar" "roll: not the one of the manifest" roll
swapped "other RSA keys of the authority" "autoridad.json: not the keys of the manifest" authorizers/autoridad.json
swapped "another joint key of all trustees" "names another .*transcript" key/transcript.json
swapped "another roll and other RSA keys, and the operator's manifest of them" "names another .*manifest" roll authorizers/autoridad.json manifest.json
swapped "all of them, and an opening of operator and notary" "does not name this opening" roll authorizers/autoridad.json manifest.json key/transcript.json opening.json
# amendments: each needs the signatures of the call's rule
amend() { rm -f "$work"/amend.json*; $urna amend "$1" --record "$R" --acuerdo INE/CG777/2026 --motive ensayo --proposer "Consejo General" --out "$work/amend.json" "${@:2}" >/dev/null; }
cosign() { $urna amend sign "$work/amend.json" --record "$R" $(by "$1") --yes >/dev/null; }
send() { $urna amend submit "$work/amend.json" --socket "$S" "$@"; }
reissue() { rm -f "$work"/amend.json*; $urna roll reissue --record "$R" --private "$P/roll" --private-key "$P/roll.key" --queue "$work/queue" --motive extravío --user "$1" --out "$work/amend.json" $(by registro); }
deliver() { $urna roll deliver --record "$R" --queue "$work/queue" --outbox "$work/$1" --pass-file "$K/registro.pass" >/dev/null; }
amend extend --closes "$(date -u -d @$((closes + 30)) +%Y-%m-%dT%H:%M:%SZ)" $(by operador); cosign notaria
mv "$work/amend.json" "$work/twice.json"; mv "$work/amend.json.note" "$work/twice.json.note"
amend extend --closes "$(date -u -d @$((closes + 30)) +%Y-%m-%dT%H:%M:%SZ)" $(by operador)
refuse "an order over one that is there" "amend.json is there already.*others have signed" $urna amend suspend --record "$R" --acuerdo INE/CG777/2026 --motive ensayo --proposer "Consejo General" --out "$work/amend.json" $(by operador)
refuse "an extension with one of two signatures" "1 of the 2 signatures" send
refuse "an order signed by one whom the call's rule does not name" "not the call's" $urna amend sign "$work/amend.json" --record "$R" $(by auditoria) --yes
shown=$($urna amend sign "$work/amend.json" --record "$R" $(by notaria) <<<no || true)
for want in 'Clase: prórroga' "nueva hora de cierre: $(date -u -d @$((closes + 30)) +%Y-%m-%dT%H:%M:%SZ)" 'acuerdo: INE/CG777/2026' 'motivo: ensayo' 'a propuesta de: Consejo General' 'no se firm'; do
	grep -q "$want" <<<"$shown" || { echo "who signs an order is not shown \"$want\": $shown"; exit 1; }
done
refuse "an order that was shown, and not signed" "1 of the 2 signatures" send
$urna amend sign "$work/amend.json" --record "$R" $(by notaria) <<<sí >/dev/null; send
refuse "the draft of an extension backwards" "closes at .* already" amend extend --closes "$(date -u -d @$closes +%Y-%m-%dT%H:%M:%SZ)" $(by operador)
refuse "an extension to the hour in force" "extend: the election closes at .* already" $urna amend submit "$work/twice.json" --socket "$S"
closes=$((closes + 30))
reissue persona000000 >/dev/null; cosign reposicion
refuse "a new credential for one who has authorized" "has authorized" send
refuse "the same again: its password is in the queue" "remove the message that urna roll put into the queue" send
lost=$(reissue persona000010 | sed -n 's/^roll index \([0-9]*\) .*from \(.*\); its.*/\1 \2/p')
refuse "a replacement with the registrar's signature alone" "missing|signature" send
cosign reposicion; send
grep -lq "a las .* (UTC)" "$work"/outbox/notice-* && echo "  the old contacts were told"
deliver again
old=$(grep -l '"persona000010"' "$work"/delivered/*) new=$(grep -l '"persona000010"' "$work"/again/*)
queued=$(ls "$work/queue" | wc -l)
refuse "a second reissue for one voter, before a password is made" "replaced already" reissue persona000010
[ "$(ls "$work/queue" | wc -l)" = "$queued" ] && [ ! -e "$work/amend.json" ] || { echo "a reissue that would be refused left something"; exit 1; }
amend suspend $(by notaria); cp "$work/amend.json" "$work/suspend.json"; cp "$work/amend.json.note" "$work/suspend.json.note"; send
refuse "authorizing while suspended" "between opening and closing" $urna vote --message "$old" --choose "pre=A,dip=VOTOS_NULOS" --otp-dir "$work/outbox"
expect "casting while suspended" 503 "$(post "$B/cast" @"$work/receipts/0.ballot")"
$urna event submit --record "$R" --socket "$S" --kind incident --fact "what=durante la suspensión" $(by operador)
amend resume $(by operador); send
refuse "resuming what is not suspended" "resume: the election is not suspended by order" send
refuse "a suspension that was signed and used once" "serves once" $urna amend submit "$work/suspend.json" --socket "$S"
amend exclude --index "${lost% *}" $(by registro); cosign notaria; send
include() { # user, name
	$urna roll include --record "$R" --private "$P/roll" --private-key "$P/roll.key" --user "$1" --name "$2" --entity 09 --email s@correo.example --phone "+1 555" \
		--acuerdo INE/CG778/2026 --motive sentencia --proposer TEPJF --queue "$work/queue" --person "$work/person" --out "$work/amend.json" $(by registro)
}
rm -f "$work"/amend.json*
refuse "a voter included under the name of another" "persona000003 stands in the roll already" include persona000003 "Por sentencia"
refuse "an included voter of a blank name" "name must be 1 to 127 bytes" include persona000020 " "
include persona000020 "Por sentencia" >/dev/null
cosign notaria
refuse "an included voter without the person" "submit the entry with --person" send
roster() { $urna roll list --record "$R" --private "$P/roll" --private-key "$P/roll.key" "$@"; }
refuse "who is included before the log says so" "no entry of the log includes" roster --person "$work/person"
send --person "$work/person"
[ "$(roster --user persona000020 --person "$work/person")" = "12 persona000020" ] || { echo "the included voter is not listed: $(roster --person "$work/person")"; exit 1; }
refuse "the included voter without the file" "no user persona000020.*--person" roster --user persona000020
deliver court
until [ "$(date +%s)" -ge "$(date -d "${lost#* }" +%s)" ]; do sleep 0.3; done
refuse "the old password after the replacement" "password is wrong" $urna vote --message "$old" --choose "pre=A,dip=VOTOS_NULOS" --otp-dir "$work/outbox"
refuse "an excluded voter" "order of a court" $urna vote --message "$new" --choose "pre=A,dip=VOTOS_NULOS" --otp-dir "$work/outbox"
amend include --index "${lost% *}" $(by registro); cosign notaria; send
# killed and started again: every receipt stays good, the phases go on
kill -9 "$pid"; wait "$pid" 2>/dev/null || true
$urnad --config "$D/urnad.json" 2>>"$work/urnad.log" & pid=$!
for _ in $(seq 100); do [ -n "$(state)" ] && break; sleep 0.1; done
expect "the same ballot after kill -9 gives its receipt" 200 "$(post "$B/cast" @"$work/receipts/0.ballot")"
# the first device breaks off when its request is authorized; another, which has the registrar's message alone, goes on
mkdir -p "$work"/device-{1,2}; cp "$new" "$work/device-1/message"; cp "$new" "$work/device-2/message"
voter() { $urna vote --message "$work/device-$1/message" --choose "pre=A,dip=VOTOS_NULOS" --otp-dir "$work/outbox" "${@:2}"; }
refuse "resuming what was never begun" "nothing to resume" voter 1 --resume
voter 1 --no-cast --ballot "$work/device-1/ballot" >/dev/null
confirmed=$(counts confirmations)
voter 2 --resume --receipt "$work/receipts/again" --mine "$work/own.mine" | grep -q "resumed an earlier request" || { echo "the request was not taken up"; exit 1; }
[ "$(counts confirmations)" = $((confirmed + 1)) ] || { echo "the resumed vote was not confirmed"; exit 1; }
expect "the interrupted device's own ballot, with the same one-time key" 409 "$(post "$B/cast" @"$work/device-1/ballot")"
echo "  a vote that was interrupted after its authorization was finished on another device"
style=$(od -An -tu1 -j33 -N1 "$work/receipts/again.ballot")
forger ballot "$R" "$R" "$new" "$work/own.mine" "$work/receipts/again.ballot" $((style % 4 + 1)) "$work/bad"
expect "a ballot of which the token alone is of another style" 403 "$(post "$B/cast" @"$work/bad")" token
# the folder of the receipt goes while the voter is at it: the ballot is in the box, and is confirmed all the same
code_for() { # phone
	local f
	for _ in $(seq 50); do
		for f in $(grep -lF "\"$1\"" "$work"/outbox/* 2>/dev/null); do
			if grep -q '"code"' "$f"; then sed -n 's/.*"code": *"\([0-9]*\)".*/\1/p' "$f"; rm "$f"; return; fi
		done
		sleep 0.1
	done
}
court() { $urna vote --message "$work"/court/*.json --choose "pre=E,sen=B,con=NO" "$@"; }
mkdir "$work/gone"; confirmed=$(counts confirmations)
if got=$({ code=$(code_for "+1 555"); rmdir "$work/gone"; echo "$code"; } | court --receipt "$work/gone/r" 2>&1); then echo "a receipt in no folder: $got"; exit 1; fi
grep -q "cast, but .*gone/r" <<<"$got" || { echo "that it was cast is not said: $got"; exit 1; }
[ "$(counts confirmations)" = $((confirmed + 1)) ] || { echo "a vote without its receipt was not confirmed"; exit 1; }
if got=$(court --otp-dir "$work/outbox" --receipt "$work/receipts/court" 2>&1) || ! grep -q "its receipt is now in" <<<"$got"; then echo "its receipt cannot be had again: $got"; exit 1; fi
echo "  the replaced and the included voter voted, after the restart"
# no password on any file of the service
for m in "$work"/delivered/*.json; do
	pw=$(sed -n 's/.*"password": "\(.*\)".*/\1/p' "$m")
	if grep -rqaF "$pw" "$D" "$work/outbox" "$work/urnad.log" "$R"; then echo "a password was found on disk"; exit 1; fi
done
echo "  no password in any file of the service"
