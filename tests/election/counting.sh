# Sourced by tests/demo: steps beside the straight way after the hours, all honest, after which the record must verify.
# A witness is down when the box closes and cosigns afterwards; a required mixer is waived; notary and a witness are replaced
# between comparison and count; a trustee's proof is false, and three others' suffice.
party_sign() { for p in "$@"; do $urna amend sign "$work/amend.json" --record "$R" $(by "$p") --yes >/dev/null; done; }
before_close() { kill "${witness[2]}"; wait "${witness[2]}" 2>/dev/null || true; echo "  witness 2 is down while the box closes"; }
after_close() {
	grep -q '^— testigo-2 ' "$R/ballots/checkpoint" && { echo "witness 2 cosigned while it was down"; exit 1; }
	start_witness 2
	for _ in $(seq 150); do grep -q '^— testigo-2 ' "$R/ballots/checkpoint" && break; sleep 0.2; done
	grep -q '^— testigo-2 ' "$R/ballots/checkpoint" || { echo "witness 2 did not cosign afterwards"; exit 1; }
	echo "  witness 2 cosigned the box's final head after the close"
	amend mixer-waiver --mixer mezclador-3 $(by operador)
	refuse "a waiver with one of two signatures" "1 of the 2 signatures" send
	party_sign auditoria; send
	amend mixer-waiver --mixer mezclador-3 $(by operador); party_sign auditoria
	refuse "a waiver for a mixer that is required no more" "no mixer that is required" send
	mixing="1 2"
}
after_comparison() {
	head -c 24 /dev/urandom | base64 >"$K/notaria-2.pass"; chmod 600 "$K/notaria-2.pass"
	head -c 24 /dev/urandom | base64 >"$K/testigo-4.pass"; chmod 600 "$K/testigo-4.pass"
	local key; key=$($urna key init notary --name notaria-2 --out "$K/notaria-2.key" --pass-file "$K/notaria-2.pass")
	amend replace-notary --person "Otra notaría" --notary "$(cat "$K/operador.key.pub")" $(by operador); party_sign auditoria
	refuse "a notary with the operator's key" "the same" send
	amend replace-notary --person "Otra notaría" --notary "$key" $(by operador); party_sign auditoria; send
	notary=notaria-2
	# the rule names the first notary: it is the second who stands there now
	key=$($urna key init witness --name testigo-4 --out "$K/testigo-4.key" --pass-file "$K/testigo-4.pass")
	kill "${witness[3]}"; wait "${witness[3]}" 2>/dev/null || true
	sed -i 's/"authorizer": {[^}]*}//; s/, *}$/}/; s/testigo-3\.key/testigo-4.key/; s/testigo-3\.pass/testigo-4.pass/; s|testigo-3/state|testigo-3/state-4|' "$work/testigo-3/config.json"
	start_witness 3
	amend replace-witness --person "Otro partido" --witness "$key" --old testigo-3 $(by operador)
	refuse "a replacement signed by the notary who was replaced" "not the call's" $urna amend sign "$work/amend.json" --record "$R" $(by notaria) --yes
	refuse "a replacement with one of two signatures" "1 of the 2 signatures" send
	party_sign notaria-2; send
	for _ in $(seq 150); do grep -q '^— testigo-4 ' "$R/ballots/checkpoint" && break; sleep 0.2; done
	grep -q '^— testigo-4 ' "$R/ballots/checkpoint" || { echo "the new witness did not cosign"; exit 1; }
	echo "  the new witness cosigned"
}
after_mixing() {
	$urna decrypt run $station --socket "$S" $(by custodio-2) --label tarjeta-2-1 --pin-file "$P/pin-2-1"
	python3 - "$R"/decryption/*/02/nizkp/proofs/DecrFactReply01.bt <<'P'
import sys
b = bytearray(open(sys.argv[1], "rb").read()); b[-1] ^= 1; open(sys.argv[1], "wb").write(b)
P
	echo "  trustee 2 gave a false proof for one group"
}
