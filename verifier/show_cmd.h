/* verifier/show_cmd.h - `urna-verify show`: a file of the record in readable form. It shows and judges nothing.
 *
 * Spec    spec/record.md#layout
 */
#ifndef VERIFIER_SHOW_CMD_H
#define VERIFIER_SHOW_CMD_H

/* argv[1] is "show". The exit code: 1 if the file is not of the form that its place in the record asks for; -1 if the command was not
 * understood and the usage is to be printed. */
int cmd_show(int argc, char **argv);

#endif
