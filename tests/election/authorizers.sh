# Sourced by tests/demo in place of the voting: authorizers are stopped, killed, lost and restored; what is not in order is refused.
. tests/election/refuse.sh
line=0 # voters of the list that have come
next() { line=$((line + 1)); read -r message choose _ < <(sed -n "${line}p" "$P/list.txt"); }
vote() { next; $urna vote --message "$message" --choose "$choose" --otp-dir "$work/outbox" --receipt "$work/receipts/$((line - 1))" "$@"; }
stop() { kill "${witness[$1]}" 2>/dev/null; wait "${witness[$1]}" 2>/dev/null || true; }
ready() { # number, status
	for _ in $(seq 50); do [ "$(curl -s -o /dev/null -w '%{http_code}' "${url[$1]}/ready")" = "$2" ] && return; sleep 0.1; done
	echo "authorizer $1 does not say $2"; tail -3 "$work/testigo-$1/log"; exit 1
}
declare -A url
for n in 1 2 3; do url[$n]=http://127.0.0.1:$(sed -n 's/.*"port": \([0-9]*\).*/\1/p' "$work/testigo-$n/config.json"); done
sets() { grep -c 'entry: authorizers' "$work/urnad.log"; }
stop_urnad() { kill "$pid"; wait "$pid" 2>/dev/null || true; }

# the demo has stopped number 2: voting goes on under a set without it. On a busy machine number 2 may not have been of the first set
# (it had not answered yet when the box opened): then another is stopped.
in_set() { [ $(($(counts authorizers_set) >> $1 & 1)) = 1 ]; } # number
down=2
if ! in_set 2 && [ "$(sets)" = 1 ]; then start_witness 2; ready 2 200; in_set 1 && down=1 || down=3; stop $down; fi
vote >/dev/null; vote >/dev/null
! in_set $down && [ "$(sets)" -ge 2 ] || { echo "no other set was announced: $(counts authorizers_set), $(sets) sets, $down is down"; exit 1; }
echo "  one authorizer is down: two voted under another set, which events announces"
start_witness $down; ready $down 200
vote >/dev/null

# what the authority has not answered, or the voter has not signed, gets no answer
python3 - "$D/registry.sqlite" "$work" <<'P'
import base64, json, sqlite3, sys
db = sqlite3.connect("file:%s?immutable=1" % sys.argv[1], uri=True)
def u16(b, at): return b[at] << 8 | b[at + 1]
for (data,) in db.execute("SELECT data FROM row"):
    if data[0] & 1:
        break
request_max, = db.execute("SELECT request FROM shape").fetchone()
request, at = data[3:3 + u16(data, 1)], 3 + request_max
row = data[at + 2:at + 2 + u16(data, at)]
def put(name, request=request, sig=row[:64], answer=row[125:125 + 384], drop=None):
    b = lambda x: base64.b64encode(bytes(x)).decode()
    o = {"request": b(request), "signature": bytes(sig).hex(), "sealed_seed": b(row[64:124]), "answer": b(answer), "events": 1}
    if drop:
        del o[drop]
    json.dump(o, open("%s/ask-%s" % (sys.argv[2], name), "w"))
def flip(x, i):
    x = bytearray(x); x[i] ^= 1; return x
put("good"); put("no-answer", drop="answer"); put("false-answer", answer=flip(row[125:509], 200)); put("false-signature", sig=flip(row[:64], 40))
put("other-request", request=flip(request, 32 + 4 + 2 + 1 + 384 + 100)); put("other-election", request=flip(request, 0)); put("zero-answer", answer=bytes(384))
P
post() { curl -s -o "$work/answer" -w '%{http_code}' --data-binary "@$work/ask-$1" "${url[1]}/authorize"; }
expect "the request of a voter again gives the same answer" 200 "$(post good)"; cp "$work/answer" "$work/answer-1"; post good >/dev/null; cmp "$work/answer" "$work/answer-1"
expect "a request without the authority's answer" 400 "$(post no-answer)"
expect "a request with a false answer of the authority (past login and code)" 403 "$(post false-answer)"
expect "a request with an answer of zeroes" 403 "$(post zero-answer)"
expect "a request that the voter did not sign" 403 "$(post false-signature)"
expect "a request changed after it was signed" 403 "$(post other-request)"
expect "a request of another election" 400 "$(post other-election)"
echo '{"document": "{}", "note": ""}' >"$work/ask-rows"
expect "rows, asked for by nobody" 400 "$(curl -s -o "$work/answer" -w '%{http_code}' --data-binary "@$work/ask-rows" "${url[1]}/rows")"
# a token of the authority alone, made of a good ballot
python3 - "$work/receipts/0.ballot" "$work/alone" <<'P'
import sys
b = open(sys.argv[1], "rb").read(); at = 32 + 2 + 32
open(sys.argv[2], "wb").write(b[:at] + b"\1" + b[at + 1:at + 386] + b[at + 1 + b[at] * 385:])
P
expect "a ballot with the authority's signature alone" 400 "$(curl -s -o "$work/answer" -w '%{http_code}' --data-binary "@$work/alone" "http://127.0.0.1:$B/cast")"

# dishonest voters: one who only confirms, and one whose elements the others could not sign; then the voter asks as one should
read -r message _ < <(sed -n "$((line + 1))p" "$P/list.txt")
refuse "confirming without having authorized" "no request of yours" forger voter "$message" "$work/outbox" confirm
refuse "a request with elements that the others cannot sign" "element for authorizer 2 is not" forger voter "$message" "$work/outbox" elements
vote >/dev/null
# and one who brings each authorizer a request of its own, all with the element that the authority answered: a good token of answers to several requests
for n in 1 2 3; do stop $n; done
next; $urna vote --message "$message" --choose "$choose" --otp-dir "$work/outbox" >/dev/null 2>&1 & voter=$!
for _ in $(seq 100); do [ "$(counts authorizations)" = $line ] && break; sleep 0.1; done
kill -9 $voter; wait $voter 2>/dev/null || true
python3 - "$D/registry.sqlite" "$work/ask-spread" <<'P'
import base64, json, sqlite3, sys
db = sqlite3.connect("file:%s?immutable=1" % sys.argv[1], uri=True)
request_max, = db.execute("SELECT request FROM shape").fetchone()
(data,) = [d for d, in db.execute("SELECT data FROM row") if d[0] & 1 and d[3 + request_max + 2 + 124] == 1] # what nobody else has answered
row, b = data[3 + request_max + 2:], lambda x: base64.b64encode(bytes(x)).decode()
json.dump({"request": b(data[3:3 + (data[1] << 8 | data[2])]), "sealed_seed": b(row[64:124]), "answer": b(row[125:509])}, open(sys.argv[2], "w"))
P
mine=$work/receipts/$((line - 1))
forger spread "$R" "$message" "$work/ask-spread" "$(counts authorizers_set)" "$choose" "$mine.ballot" >"$work/spread" & voter=$!
for n in 1 2 3; do start_witness $n; done
wait $voter || { echo "the ballot could not be made"; cat "$work/spread"; exit 1; }
sed 's/^/  /' "$work/spread"; grep -q "a request of its own" "$work/spread"
expect "a ballot by answers to several requests of one voter" 200 "$(curl -s -o "$work/answer" -w '%{http_code}' --data-binary "@$mine.ballot" "http://127.0.0.1:$B/cast")"; cp "$work/answer" "$mine"
for n in 1 2 3; do ready $n 200; done

# urnad dies between its own answer and the relay
for n in 1 2 3; do stop $n; done
next; $urna vote --message "$message" --choose "$choose" --otp-dir "$work/outbox" >"$work/interrupted" 2>&1 & voter=$!
for _ in $(seq 100); do [ "$(counts authorizations)" = $line ] && break; sleep 0.1; done
kill -9 "$pid"; wait "$pid" 2>/dev/null || true
if wait $voter; then echo "a voter voted without authorizers"; exit 1; fi
for n in 1 2 3; do start_witness $n; done
start_urnad; for n in 1 2 3; do ready $n 200; done
$urna vote --message "$message" --choose "$choose" --otp-dir "$work/outbox" --receipt "$work/receipts/$((line - 1))" | grep resumed || { echo "the request was not taken up"; exit 1; }
echo "  killed between its answer and the relay: the voter's request was taken up, and all answered it"

# yesterday's registry of the authority
stop_urnad; cp "$D/registry.sqlite" "$P/registry.old"; start_urnad
vote >/dev/null; last=$message other=$(sed 's/pre=[A-Z0-9_]*/pre=VOTOS_NULOS/' <<<"$choose"); vote >/dev/null
stop_urnad; cp "$P/registry.old" "$D/registry.sqlite"; start_urnad
next; refuse "authorizing by an older registry" "registry" $urna vote --message "$message" --choose "$choose" --otp-dir "$work/outbox"; line=$((line - 1))
refuse "restoring under a running urnad" "is running" $urnad restore --registry --config "$D/urnad.json"
stop_urnad; $urnad restore --registry --config "$D/urnad.json" 2>/dev/null | tee "$work/restored"; grep -q "3 of 3 .* 2 rows filled" "$work/restored" || exit 1; start_urnad
[ "$(counts authorizations)" = $line ] || { echo "authorizations were lost"; exit 1; }
refuse "a second ballot of a voter whose row was refilled" "cast a ballot already" $urna vote --message "$last" --choose "$other" --otp-dir "$work/outbox"
vote >/dev/null
# gone, while its fence is there, and with it a request that nobody else has
for n in 1 2 3; do stop $n; done
next; $urna vote --message "$message" --choose "$choose" --otp-dir "$work/outbox" >"$work/interrupted" 2>&1 & voter=$!
for _ in $(seq 100); do [ "$(counts authorizations)" = $line ] && break; sleep 0.1; done
kill -9 "$pid"; wait "$pid" 2>/dev/null || true
if wait $voter; then echo "a voter voted without authorizers"; exit 1; fi
rm "$D/registry.sqlite"
refuse "refilling from nobody" "0 other authorizers gave their rows, and 2 must" $urnad restore --registry --config "$D/urnad.json"
for n in 1 2 3; do start_witness $n; ready $n 503; done
$urnad restore --registry --config "$D/urnad.json" 2>/dev/null | tee "$work/restored"; start_urnad
grep -q "3 of 3 .* $((line - 1)) rows filled; 1 that were committed here are in no list" "$work/restored" || exit 1
for n in 1 2 3; do ready $n 200; done
$urna vote --message "$message" --choose "$choose" --otp-dir "$work/outbox" --receipt "$work/receipts/$((line - 1))" >/dev/null
[ "$(counts authorizations)" = $line ] || { echo "authorizations were lost"; exit 1; }
echo "  the registry was lost with one request that nobody else had: its voter asked again"
# and gone altogether, with its fence
stop_urnad; rm "$D/registry.sqlite" "$F/registry.count"
refuse "starting without the registry" "restore --registry" $urnad --config "$D/urnad.json"
stop 1; stop 2
refuse "refilling from one authorizer alone" "1 other authorizers gave their rows, and 2 must" $urnad restore --registry --config "$D/urnad.json"
start_witness 1; ready 1 503 # without urnad it cannot follow the election
start_witness 2
$urnad restore --registry --config "$D/urnad.json" 2>/dev/null; start_urnad
for n in 1 2 3; do ready $n 200; done
[ "$(counts authorizations)" = $line ] || { echo "authorizations were lost: $(counts authorizations) of $line"; exit 1; }
refuse "a second ballot after the registry was lost and refilled" "cast a ballot already" $urna vote --message "$last" --choose "$other" --otp-dir "$work/outbox"
vote >/dev/null

# yesterday's registry of another authorizer, and a lost one
W1=$work/testigo-1
stop 1; cp "$W1/registry.sqlite" "$P/registry.old"; start_witness 1; ready 1 200
vote >/dev/null
stop 1; cp "$P/registry.old" "$W1/registry.sqlite"; start_witness 1; ready 1 503
expect "an authorizer with an older registry answers nobody" 503 "$(post good)"
stop 1; build/bin/urna-witness restore --registry --config "$W1/config.json" 2>/dev/null | tee "$work/restored"; grep -q "3 of 3 .* 1 rows filled" "$work/restored" || exit 1
start_witness 1; ready 1 200
stop 3; rm "$work"/testigo-3/registry.sqlite; start_witness 3; ready 3 503; stop 3
build/bin/urna-witness restore --registry --config "$work/testigo-3/config.json" 2>/dev/null; start_witness 3; ready 3 200
vote >/dev/null
post good >/dev/null; cmp "$work/answer" "$work/answer-1" && echo "  the restored authorizer gives the answer it gave"

# the rest vote while one authorizer is killed again and again
tail -n +$((line + 1)) "$P/list.txt" >"$P/rest.txt"
mkdir -p "$work/receipts-rest"
$urna vote many --list "$P/rest.txt" --otp-dir "$work/outbox" --threads 4 --receipts "$work/receipts-rest" & votes=$!
kills=0
while kill -0 $votes 2>/dev/null; do
	sleep "0.$((RANDOM % 8 + 1))"; kill -9 "${witness[1]}" 2>/dev/null || true; wait "${witness[1]}" 2>/dev/null || true
	kills=$((kills + 1)); start_witness 1
done
wait $votes || exit 1
for f in "$work"/receipts-rest/*; do mv "$f" "$work/receipts/rest-$(basename "$f")"; done
[ "$(counts authorizations)" = "$(wc -l <"$P/list.txt")" ] || exit 1
echo "  authorizer 1 killed $kills times under load; $(counts authorizations) authorizations"
ready 1 200
