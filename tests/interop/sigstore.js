// A tlog-proof verified by Sigstore's packages (npm's @sigstore/verify), which share no code with the project or with Go's.
//
//	node sigstore.js FOLDER-OF-node_modules VKEY FILE ENTRY-FILE [FILE ENTRY-FILE ...]
//
// Their rules for a checkpoint's signature and for a proof of inclusion are RFC 6962's and signed-note's; only the frame around
// them, Rekor's bundle, is Sigstore's own, and is put together here from the file.
"use strict";
const crypto = require("crypto"), fs = require("fs"), path = require("path");
const [modules, vkey, ...files] = process.argv.slice(2);
const { verifyTLogInclusion } = require(path.join(path.resolve(modules), "@sigstore/verify/dist/tlog"));

function logOf(vkey) {
	const [, name, id, key] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(vkey), raw = Buffer.from(key, "base64").subarray(1);
	const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw]);
	return { baseURL: name, logID: Buffer.from(id, "hex"), publicKey: crypto.createPublicKey({ key: spki, format: "der", type: "spki" }) };
}

function entryOf(text, body) {
	const cut = text.indexOf("\n\n"), lines = text.slice(0, cut).split("\n").filter((l) => !l.startsWith("extra "));
	if (lines[0] !== "c2sp.org/tlog-proof@v1") throw new Error("not a tlog-proof");
	return {
		canonicalizedBody: body,
		inclusionProof: { logIndex: lines[1].replace("index ", ""), hashes: lines.slice(2).map((l) => Buffer.from(l, "base64")), checkpoint: { envelope: text.slice(cut + 2) } },
	};
}

function refuses(entry, logs, what) {
	try {
		verifyTLogInclusion(entry, logs);
	} catch (e) {
		return 1;
	}
	throw new Error(what + " passes");
}

const logs = [logOf(vkey)];
let refused = 0;
try {
	for (let i = 0; i < files.length; i += 2) {
		const text = fs.readFileSync(files[i], "utf8"), body = fs.readFileSync(files[i + 1]);
		verifyTLogInclusion(entryOf(text, body), logs);
		refused += refuses(entryOf(text, Buffer.concat([body, Buffer.from("x")])), logs, "another entry");
		refused += refuses(entryOf(text.replace(/^index /m, "index 1"), body), logs, "another index");
		const proof = entryOf(text, body).inclusionProof;
		for (const h of proof.hashes) {
			h[i % 32] ^= 1;
			refused += refuses({ canonicalizedBody: body, inclusionProof: proof }, logs, "a changed proof");
			h[i % 32] ^= 1;
		}
		proof.checkpoint.envelope = proof.checkpoint.envelope.replace(/\n(\d+)\n/, "\n1$1\n"); // the head that the log signed is another
		refused += refuses({ canonicalizedBody: body, inclusionProof: proof }, logs, "a changed head");
	}
	console.log("VERIFIED: %d receipts, %d tampered ones refused", files.length / 2, refused);
} catch (e) {
	console.log("NOT VERIFIED: " + e.message);
	process.exit(1);
}
