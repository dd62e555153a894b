import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandsIn, docCommands, root } from '../support/docs/commands.ts';
import { isRun, notRun, runPages, startPage } from '../support/docs/not-run.ts';
import { parseAsTaskgate } from '../support/docs/parsed.ts';
import { taskgateCalls } from '../support/docs/taskgate-words.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

const page = `
Text, \`taskgate up\`.

\`\`\`sh
npm ci                  # once
# your tests
npx taskgate up \\
  --name a
\`\`\`

- in a list
  \`\`\`
  $ npx taskgate status
  a: running

    b
  $ npx taskgate down  # all
  \`\`\`

\`\`\`
npx taskgate in an output
\`\`\`
`;

test('the command lines of a page: all of a script, without comments, and what stands behind a prompt', () => {
  const found = commandsIn('p.md', page).map(({ line, text, output }) => ({ line, text, output }));
  expect(found).toEqual([
    { line: 5, text: 'npm ci', output: [] },
    { line: 8, text: 'npx taskgate up --name a', output: [] },
    { line: 13, text: 'npx taskgate status', output: ['a: running', '  b'] },
    { line: 17, text: 'npx taskgate down  # all', output: [] },
  ]);
});

test.each([
  ['npx taskgate up --name a', [['up', '--name', 'a']]],
  ['DET_PASS=wrong npx -- taskgate smoke', [['smoke']]],
  ['npx taskgate env --format github >> "$GITHUB_ENV"', [['env', '--format', 'github']]],
  ['npm run dev-cluster -- --name a', [['up', '--name', 'a']]],
  ['npm ci && npm run smoke || true', [['smoke']]],
  ['eval "$(npx taskgate env --name a)"', [['env', '--name', 'a']]],
  ['npm run lint', []],
  ['mytaskgate up', []],
])('the calls of taskgate in: %s', (line, calls) => {
  expect(taskgateCalls(line)).toEqual(calls);
});

const known = docCommands.flatMap((command) => taskgateCalls(command.text).map((args) => ({ ...command, args })));

test.each(known)('$page:$line, `$text`: commands, flags and settings are as taskgate has them', async ({
  args,
  output,
}) => {
  const parsed = parseAsTaskgate(args, await temporaryDir());
  const refusal = /\[(usage\.config)\]/.exec(output.join('\n'))?.[1];
  if (refusal === undefined) await expect(parsed).resolves.toBeUndefined();
  else await expect(parsed).rejects.toMatchObject({ id: refusal });
});

test.each([
  ['an unknown flag', ['up', '--nam', 'a'], { code: 'commander.unknownOption' }],
  ['an unknown command', ['ups'], { code: 'commander.unknownCommand' }],
  ['a setting that the command does not read', ['status', '--ssh-host', 'h'], { id: 'usage.unread-setting' }],
  ['a value that is none', ['up', '--provider', 'nativ'], { id: 'usage.config' }],
])('%s is seen', async (_, args, error) => {
  await expect(parseAsTaskgate(args, await temporaryDir())).rejects.toMatchObject(error);
});

/** In the text of a page: a whole call of taskgate without placeholders and choices. */
const inProse = (path: string): readonly string[] =>
  [
    ...readFileSync(join(root, path), 'utf8')
      .replaceAll(/^ *```[\s\S]*?^ *```/gm, '')
      .matchAll(/`([^`\n]+)`/g),
  ]
    .map(([, text = '']) => text)
    .filter((text) => /^(npx (-- )?taskgate|taskgate|npm run (dev-cluster|smoke)) /.test(text))
    .filter((text) => !/[[\]|<>]|\.\.\.|\b[A-Z]{2,}\b|^\S+ (help|COMMAND)/.test(text));

const spoken = [...new Set(globSync(['*.md', 'docs/**/*.md'], { cwd: root }).flatMap(inProse))].toSorted();

test.each(spoken)('in the text of a page: `%s`', async (text) => {
  const dir = await temporaryDir();
  const calls = taskgateCalls(text);
  expect(calls).toHaveLength(1);
  const parsed = Promise.all(calls.map((args) => parseAsTaskgate(args, dir)));
  // prose may name a flag, or a command, without what follows it
  const wrong = await parsed.then(
    () => undefined,
    (error: { code?: string }) => (/^commander\.(option)?missingArgument$/i.test(error.code ?? '') ? undefined : error),
  );
  expect(wrong).toBeUndefined();
});

test('each command of the pages is run by test/docs, or is on the list with the reason why not', () => {
  const pages: readonly string[] = [...runPages, startPage];
  const neither = docCommands.filter((command) => isRun(command) && !pages.includes(command.page));
  expect(neither.map(({ page, line, text }) => `${page}:${line} ${text}`)).toEqual([]);
});

test('no command is on the list that its page does not have', () => {
  const stale = notRun.flatMap(({ page, commands }) =>
    commands.filter((text) => !docCommands.some((one) => one.page === page && one.text === text)),
  );
  expect(stale).toEqual([]);
});
