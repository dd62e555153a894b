/**
 * The script of a command of a shell that goes on: it starts with the variables that `file` has from the command before, and leaves
 * its own there. What is not exported, functions and the folder end with each command.
 */
export const inSession = (text: string, file: string): string =>
  [`test ! -e '${file}' || . '${file}'`, text, 'result=$?', `export -p > '${file}'`, 'exit $result'].join('\n');

/** What a terminal still shows of what was written: a carriage return alone goes back to the begin of its line. */
export const onTerminal = (output: string): string =>
  output
    .split('\n')
    .map((line) => line.replace(/\r+$/, ''))
    .map((line) => line.slice(line.lastIndexOf('\r') + 1).trimEnd())
    .join('\n');
