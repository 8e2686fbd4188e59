#include "verifier/mutations.h"

#include <stdio.h>
#include <unistd.h>

#include "verifier/mutate.h"

#define PHASE(n, edge) "\"phase\": \"" n "\",\n  \"edge\": \"" edge "\""
#define KIND(kind) "\"kind\": \"" kind "\""
#define SIGNED(kind) "\\\"kind\\\": \\\"" kind "\\\""
#define MIX "mix/%g/nizkp/"
#define DEC "decryption/%g/%t/"

const struct mutation mutations[] = {
    {"a file that is not of the record", CHECK_FILES, spoil_extra, "extra", NULL, NULL, NULL},
    {"a proof of a mix that was none", CHECK_FILES, spoil_extra, MIX "proofs/PoSReply99.bt", NULL, NULL, NULL},
    {"a folder of a trustee who gave nothing", CHECK_FILES, spoil_extra, "decryption/%g/99/nizkp/version", NULL, NULL, NULL},
    {"a signature beside an act that has none", CHECK_FILES, spoil_extra, "acts/closing.json.note", NULL, NULL, NULL},
    {"one bit of the call", CHECK_CALL, spoil_flip, "call.json", NULL, NULL, NULL},
    {"a name twice in the call's JSON", CHECK_CALL, spoil_text, "call.json", "\"version\": 1,", "\"version\": 1,\n \"version\": 1,", NULL},
    {"the notary's signature of the call missing", CHECK_CALL, spoil_unsigned_by, "call.json.note", "%n", NULL, NULL},
    {"the notary's signature of the call taken from the opening", CHECK_CALL, spoil_signatures_from, "call.json.note", "opening.json.note", NULL, NULL},
    {"a log key pinned that the call does not name", CHECK_CALL, spoil_other_pin, NULL, NULL, NULL, NULL},
    {"one bit of the ceremony's transcript", CHECK_CEREMONY, spoil_flip, "key/transcript.json", NULL, NULL, NULL},
    {"a trustee's signature of the transcript missing", CHECK_CEREMONY, spoil_unsigned_by, "key/transcript.json.note", "%z", NULL, NULL},
    {"another custodian for a card", CHECK_KEY_ACT, spoil_text, "key/cards.json", "\"custodian\": \"", "\"custodian\": \"No ", NULL},
    {"the key act's text altered", CHECK_KEY_ACT, spoil_one_byte_more, "acts/key.txt", "\n", NULL, NULL},
    {"the notary's signature of the key act missing", CHECK_KEY_ACT, spoil_unsigned_by, "acts/key.json.note", "%n", NULL, NULL},
    {"another hour in the manifest", CHECK_MANIFEST, spoil_digit_after, "manifest.json", "\"closes\": \"", NULL, NULL},
    {"the operator's signature of the manifest taken from the call", CHECK_MANIFEST, spoil_signatures_from, "manifest.json.note", "call.json.note", NULL, NULL},
    {"two voters of the roll exchanged", CHECK_ROLL, spoil_voters_swapped, "roll", NULL, NULL, NULL},
    {"one credential for two voters of the roll", CHECK_ROLL, spoil_voter_twice, "roll", NULL, NULL, NULL},
    {"a byte after the roll", CHECK_ROLL, spoil_one_byte_more, "roll", NULL, NULL, NULL},
    {"another RSA key of an authorizer", CHECK_AUTHORIZER_KEYS, spoil_digit_after, "authorizers/%a.json", "\"modul", NULL, NULL},
    {"an authorizer's signature of its keys missing", CHECK_AUTHORIZER_KEYS, spoil_gone, "authorizers/%a.json.note", NULL, NULL, NULL},
    {"another hash of a program in the dictamen", CHECK_DICTAMEN, spoil_digit_after, "dictamen.json", "\"sha256\": \"", NULL, NULL},
    {"the auditor's signature taken from the manifest", CHECK_DICTAMEN, spoil_signatures_from, "dictamen.json.note", "manifest.json.note", NULL, NULL},
    {"a vote in the zero report", CHECK_ZERO_REPORT, spoil_text, "zero-report.json", "\"votes\": 0", "\"votes\": 1", NULL},
    {"an installed file that was not the dictamen's", CHECK_ZERO_REPORT, spoil_text, "zero-report.json", "Correcto", "Con cambios", NULL},
    {"the opening with a space more", CHECK_OPENING, spoil_text, "opening.json", "\"version\": 1", "\"version\":  1", NULL},
    {"the notary's signature of the opening missing", CHECK_OPENING, spoil_unsigned_by, "opening.json.note", "%n", NULL, NULL},
    {"another election id pinned", CHECK_OPENING, spoil_other_pin, NULL, NULL, NULL, NULL},
    {"the opening act's text missing", CHECK_OPENING, spoil_gone, "acts/opening.txt", NULL, NULL, NULL},
    {"one bit of a hash tile of events", CHECK_EVENTS_LOG, spoil_flip, "%E", NULL, NULL, NULL},
    {"a head of events signed by the other log", CHECK_EVENTS_LOG, spoil_signatures_from, "events/checkpoint", "ballots/checkpoint", NULL, NULL},
    {"a head of events of another size", CHECK_EVENTS_LOG, spoil_digit_after, "events/checkpoint", "\n", NULL, NULL},
    {"the end of phase 3 missing", CHECK_PHASES, spoil_entry_unmade, NULL, PHASE("3", "end"), NULL, NULL},
    {"phase entries out of order", CHECK_PHASES, spoil_entries_swapped, NULL, PHASE("2", "end"), PHASE("3", "begin"), NULL},
    {"a second key entry", CHECK_PHASES, spoil_entry_twice, NULL, SIGNED("key"), "+", NULL},
    {"a second opening entry", CHECK_PHASES, spoil_entry_twice, NULL, KIND("opening"), "+", NULL},
    {"a second close entry", CHECK_PHASES, spoil_entry_twice, NULL, KIND("close"), "+", NULL},
    {"an entry after the seal", CHECK_PHASES, spoil_entry_twice, NULL, SIGNED("seal"), "-", NULL},
    {"the box opened an hour early", CHECK_PHASES, NULL, NULL, "begin", NULL, forge_hour_early},
    {"voting ended an hour early", CHECK_PHASES, NULL, NULL, "end", NULL, forge_hour_early},
    {"other hours in the opening entry", CHECK_PHASES, NULL, "opening", "closes", "2001-01-01T00:00:00Z", forge_fact},
    {"a false signature in a submitted entry", CHECK_ENTRY_SIGNATURES, spoil_entry_signed_by_others, NULL, SIGNED("comparison"), NULL, NULL},
    {"a signature in an entry taken from another entry", CHECK_ENTRY_SIGNATURES, spoil_entry_signed_by_others, NULL, SIGNED("count"), SIGNED("comparison"), NULL},
    {"a signed entry used twice", CHECK_ENTRY_SIGNATURES, spoil_entry_twice, NULL, SIGNED("station"), "+", NULL},
    {"a phase entry without the box's head", CHECK_HEADS, NULL, "phase", "size", "", forge_fact},
    {"a head whose size is no number", CHECK_HEADS, NULL, "phase", "size", "007", forge_fact},
    {"a heartbeat without the box's head", CHECK_HEADS, NULL, "heartbeat", "size", "", forge_fact},
    {"an hour without a heartbeat", CHECK_HEADS, NULL, NULL, NULL, NULL, forge_hour_dark},
    {"a ballot in the box before it opened", CHECK_HEADS, NULL, NULL, NULL, NULL, forge_full_from_the_start},
    {"ballots taken while the box was suspended", CHECK_HEADS, NULL, NULL, NULL, "with its head", forge_suspended_all_along},
    {"a suspension without the box's head", CHECK_HEADS, NULL, NULL, NULL, NULL, forge_suspended_all_along},
    {"a head in events that is no prefix of the box", CHECK_HEADS, NULL, "phase", "root", NULL, forge_fact},
    {"ballots in the box before they were authorized", CHECK_HEADS, NULL, NULL, NULL, NULL, forge_none_authorized},
    {"a head in events from the future", CHECK_HEADS, NULL, "phase", "size", "4611686018427387904", forge_fact},
    {"a ballot removed", CHECK_BALLOTS_LOG, spoil_ballots_of_log, NULL, "gone", NULL, NULL},
    {"a ballot twice", CHECK_BALLOTS_LOG, spoil_ballots_of_log, NULL, "twice", NULL, NULL},
    {"two ballots exchanged", CHECK_BALLOTS_LOG, spoil_ballots_of_log, NULL, "swapped", NULL, NULL},
    {"a ballot replaced by another", CHECK_BALLOTS_LOG, spoil_ballots_of_log, NULL, "replaced", NULL, NULL},
    {"one bit of a ballot", CHECK_BALLOTS_LOG, spoil_flip, "%b", NULL, NULL, NULL},
    {"one bit of a hash tile of ballots", CHECK_BALLOTS_LOG, spoil_flip, "%B", NULL, NULL, NULL},
    {"a head of ballots signed by the other log", CHECK_BALLOTS_LOG, spoil_signatures_from, "ballots/checkpoint", "events/checkpoint", NULL, NULL},
    {"a close entry whose checkpoint is not the log's", CHECK_BALLOTS_LOG, NULL, "close", "checkpoint", "urna.example/ballots\n0\n", forge_fact},
    {"a close entry of another box", CHECK_BALLOTS_LOG, NULL, "close", "root", NULL, forge_fact},
    {"signed again: a ballot of another election", CHECK_BALLOTS, NULL, NULL, "election", NULL, forge_ballot_spoilt},
    {"signed again: a ballot's vote is another voter's", CHECK_BALLOTS, NULL, NULL, "vote", NULL, forge_ballot_spoilt},
    {"signed again: a ballot's proof is false", CHECK_BALLOTS, NULL, NULL, "proof", NULL, forge_ballot_spoilt},
    {"signed again: a ballot's signature is false", CHECK_BALLOTS, NULL, NULL, "signature", NULL, forge_ballot_spoilt},
    {"signed again: a ballot's c2 is its c1", CHECK_BALLOTS, NULL, NULL, "c2", NULL, forge_ballot_spoilt},
    {"signed again: a ballot under another style", CHECK_TOKENS, NULL, NULL, "style", NULL, forge_ballot_spoilt},
    {"signed again: a token of another ballot", CHECK_TOKENS, NULL, NULL, "token", NULL, forge_ballot_spoilt},
    {"signed again: a false token", CHECK_TOKENS, NULL, NULL, "false token", NULL, forge_ballot_spoilt},
    {"signed again: a voter's ballot counts twice", CHECK_ONE_TIME_KEYS, NULL, NULL, "whole", NULL, forge_ballot_spoilt},
    {"one bit of the list of authorizations", CHECK_AUTHORIZATIONS, spoil_flip, "authorizations/%a", NULL, NULL, NULL},
    {"the authorizer's signature of its list taken from its keys", CHECK_AUTHORIZATIONS, spoil_signatures_from, "authorizations/%a.note", "authorizers/%a.json.note", NULL, NULL},
    {"an authorization of a voter excluded before the hours", CHECK_AUTHORIZATIONS, NULL, NULL, NULL, NULL, forge_all_barred},
    {"one bit of the confirmations", CHECK_CONFIRMATIONS, spoil_flip, "confirmations", NULL, NULL, NULL},
    {"signed again: more ballots than authorizations", CHECK_SUMS, NULL, NULL, NULL, NULL, forge_ballots_stuffed},
    {"one bit of the encrypted votes", CHECK_ENCRYPTED_VOTES, spoil_flip, "encrypted-votes.bin", NULL, NULL, NULL},
    {"another hash of the encrypted votes at the close", CHECK_ENCRYPTED_VOTES, NULL, "close", "sha3-256", NULL, forge_fact},
    {"another number in the closing act", CHECK_CLOSING_ACT, spoil_digit_after, "acts/closing.json", "\"ballots\": ", NULL, NULL},
    {"the comparison of another file", CHECK_COMPARISON, NULL, "comparison", "sha256", NULL, forge_fact},
    {"the notary's signature of the start of decryption missing", CHECK_COMPARISON, spoil_unsigned_by, "acts/start-of-decryption.json.note", "%n", NULL, NULL},
    {"one bit of a mix's input", CHECK_MIX_INPUT, spoil_flip, MIX "Ciphertexts.bt", NULL, NULL, NULL},
    {"another protInfo.xml of a mix", CHECK_MIX_SESSIONS, spoil_text, "mix/%g/protInfo.xml", "<ebitlenro>", "<ebitlenro> ", NULL},
    {"another session's name of a mix", CHECK_MIX_SESSIONS, spoil_digit_after, MIX "auxsid", "S", NULL, NULL},
    {"another key of a mix", CHECK_MIX_SESSIONS, spoil_copied, MIX "FullPublicKey.bt", DEC "nizkp/FullPublicKey.bt", NULL, NULL},
    {"a mix whose output is its input", CHECK_MIX_PROOFS, spoil_copied, MIX "ShuffledCiphertexts.bt", MIX "Ciphertexts.bt", NULL, NULL},
    {"two outputs of a mix exchanged", CHECK_MIX_PROOFS, spoil_outputs_swapped, MIX "ShuffledCiphertexts.bt", NULL, NULL, NULL},
    {"a mix's commitment missing", CHECK_MIX_PROOFS, spoil_gone, MIX "proofs/PoSCommitment%l.bt", NULL, NULL, NULL},
    {"a proof of shuffle of another mixer", CHECK_MIX_PROOFS, spoil_copied, MIX "proofs/PoSReply%l.bt", MIX "proofs/PoSReply01.bt", NULL, NULL},
    {"one bit of a permutation commitment", CHECK_MIX_PROOFS, spoil_flip, MIX "proofs/PermutationCommitment%l.bt", NULL, NULL, NULL},
    {"infinity in a permutation commitment", CHECK_MIX_PROOFS, spoil_all_ones, MIX "proofs/PermutationCommitment%l.bt", "15", "33", NULL},
    {"a scalar not below n in a reply", CHECK_MIX_PROOFS, spoil_all_ones, MIX "proofs/PoSReply%l.bt", "11", "32", NULL},
    {"a byte after a reply", CHECK_MIX_PROOFS, spoil_one_byte_more, MIX "proofs/PoSReply%l.bt", NULL, NULL, NULL},
    {"a mixer's signature missing", CHECK_MIX_NOTES, spoil_gone, "mix/%g/01.note", NULL, NULL, NULL},
    {"a mixer's signature of another position", CHECK_MIX_NOTES, spoil_copied, "mix/%g/01.note", "mix/%g/%l.note", NULL, NULL},
    {"a mix entry that names other outputs", CHECK_MIX_NOTES, NULL, "mix", "outputs", NULL, forge_fact},
    {"a mix entry for another position", CHECK_MIX_NOTES, NULL, "mix", "position", "9", forge_fact},
    {"one bit of a trustee's list", CHECK_DECRYPTION_SESSIONS, spoil_flip, DEC "nizkp/Ciphertexts.bt", NULL, NULL, NULL},
    {"one bit of a trustee's plaintexts", CHECK_DECRYPTION_SESSIONS, spoil_flip, DEC "nizkp/Plaintexts.bt", NULL, NULL, NULL},
    {"a trustee under another's key", CHECK_DECRYPTION_SESSIONS, spoil_copied, DEC "nizkp/FullPublicKey.bt", "decryption/%g/%u/nizkp/FullPublicKey.bt", NULL, NULL},
    {"a trustee's factors given as another's", CHECK_DECRYPTION_PROOFS, spoil_trustee_as_another, NULL, NULL, NULL, NULL},
    {"one bit of a trustee's reply", CHECK_DECRYPTION_PROOFS, spoil_flip_all, DEC "nizkp/proofs/DecrFactReply01.bt", NULL, NULL, NULL},
    {"infinity as a factor", CHECK_DECRYPTION_PROOFS, spoil_all_ones_all, DEC "nizkp/proofs/DecryptionFactors01.bt", "15", "33", NULL},
    {"a trustee's signature of its factors missing", CHECK_DECRYPTION_NOTES, spoil_gone, "decryption/%g/%t.note", NULL, NULL, NULL},
    {"a trustee's signature by another trustee", CHECK_DECRYPTION_NOTES, spoil_copied, "decryption/%g/%t.note", "decryption/%g/%u.note", NULL, NULL},
    {"one trustee alone", CHECK_DECRYPTION_NOTES, NULL, "factors", NULL, "1", forge_few},
    {"a trustee's station that saw another box", CHECK_DECRYPTION_NOTES, NULL, "station", "root", NULL, forge_fact},
    {"a trustee's station that saw other mixed lists", CHECK_DECRYPTION_NOTES, NULL, "station", "lists", NULL, forge_fact},
    {"a vote changed", CHECK_VOTES, spoil_vote_changed, "votes.csv", NULL, NULL, NULL},
    {"a vote taken away", CHECK_VOTES, spoil_line_gone, "votes.csv", NULL, NULL, NULL},
    {"two votes in another order", CHECK_VOTES, spoil_lines_swapped, "votes.csv", NULL, NULL, NULL},
    {"a count entry of other votes", CHECK_VOTES, NULL, "count", "votes", NULL, forge_fact},
    {"two numbers of an act exchanged", CHECK_COUNT_ACTS, spoil_numbers_exchanged, "acts/count-%c.json", NULL, NULL, NULL},
    {"the operator's signature of a count act missing", CHECK_COUNT_ACTS, spoil_gone, "acts/count-%c.json.note", NULL, NULL, NULL},
    {"the summary's text altered", CHECK_COUNT_ACTS, spoil_one_byte_more, "acts/count-summary.txt", "\n", NULL, NULL},
    {"an amendment with a false signature", CHECK_AMENDMENTS, spoil_entry_signed_by_others, NULL, SIGNED("include"), NULL, NULL},
    {"a cancelled election counted", CHECK_AMENDMENTS, NULL, NULL, NULL, NULL, forge_cancelled},
    {"a document that nobody named", CHECK_DOCUMENTS, spoil_extra, "documents/0000000000000000000000000000000000000000000000000000000000000000", NULL, NULL, NULL},
    {"a document named that is not there", CHECK_DOCUMENTS, NULL, "close", "1111111111111111111111111111111111111111111111111111111111111111", NULL, forge_fact_more},
    {"a seal over other files", CHECK_SEAL, NULL, "seal", "list", NULL, forge_fact},
    {"a line of a hash list missing", CHECK_HASH_LISTS, spoil_line_gone, "hashes.sha512", NULL, NULL, NULL},
    {"another hash in a hash list", CHECK_HASH_LISTS, spoil_digit_after, "hashes.sha3-256", "\n", NULL, NULL},
    {"the notary's signature of the hand-over missing", CHECK_HANDOVER_ACT, spoil_unsigned_by, "acts/handover.json.note", "%N", NULL, NULL},
    {"the hand-over act's text altered", CHECK_HANDOVER_ACT, spoil_one_byte_more, "acts/handover.txt", "\n", NULL, NULL},
    {"the final head of events without its witnesses", CHECK_WITNESSES, spoil_cosignatures_gone, "events/checkpoint", NULL, NULL, NULL},
    {"a head handed in of a log with a ballot more", CHECK_RECEIPTS, spoil_head_handed_in, NULL, NULL, NULL, forge_last_ballot_gone},
};
const size_t mutations_n = sizeof mutations / sizeof *mutations;

void
mutant_make(struct mutant *m, const struct mutation *it)
{
	m->what = it;
	m->made = 0;
	m->folder[0] = '\0';
	if (it->make != NULL)
		it->make(m, it);
}

void
mutant_free(struct mutant *m)
{
	char path[320];

	overlay_free(&m->files);
	if (m->folder[0] == '\0')
		return;
	(void)snprintf(path, sizeof path, "%s/receipt", m->folder);
	(void)unlink(path);
	(void)rmdir(m->folder);
}
