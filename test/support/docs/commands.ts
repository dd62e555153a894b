import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..', '..', '..');

/** A command line that a page shows, with the output that it shows below it. */
export type DocCommand = {
  readonly page: string;
  readonly line: number;
  /** In one line, without the prompt and the comment. */
  readonly text: string;
  readonly output: readonly string[];
};

type Block = {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly lines: readonly string[];
};

const fence = /^( *)```(\w*)$/;

/** The blocks of code of a page, without the indentation that a list gives them. */
const blocksOf = (page: string, text: string): readonly Block[] => {
  const blocks: Block[] = [];
  let open: { indent: string; language: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const [, indent = '', language = ''] = fence.exec(line) ?? [];
    if (open === undefined && fence.test(line)) open = { indent, language, line: index + 2, lines: [] };
    else if (open !== undefined && fence.test(line)) {
      blocks.push({ page, ...open });
      open = undefined;
    } else open?.lines.push(line.slice(open.indent.length));
  }
  return blocks;
};

/** A comment begins a line, or stands behind two spaces. */
const withoutComment = (line: string): string => line.replace(/(^| {2,})#.*$/, '').trim();

/** Lines of a script; one that ends in a backslash goes on in the next. */
const scriptCommands = ({ page, line, lines }: Block): readonly DocCommand[] => {
  const commands: DocCommand[] = [];
  let begun = '';
  for (const [index, one] of lines.entries()) {
    const text = `${begun}${withoutComment(one)}`;
    begun = text.endsWith('\\') ? text.slice(0, -1) : '';
    if (begun === '' && text !== '') commands.push({ page, line: line + index, text, output: [] });
  }
  return commands;
};

/** What stands behind a prompt, and its output up to the next one. */
const sessionCommands = ({ page, line, lines }: Block): readonly DocCommand[] => {
  const starts = lines.flatMap((one, index) => (one.startsWith('$ ') ? [index] : []));
  return starts.map((start, index) => ({
    page,
    line: line + start,
    text: (lines[start] ?? '').slice(2).trim(),
    output: lines.slice(start + 1, starts[index + 1]).filter((one) => one.trim() !== ''),
  }));
};

/** The command lines of a page, in its order: all of a block `sh`, elsewhere what stands behind a prompt. */
export const commandsIn = (page: string, text: string): readonly DocCommand[] =>
  blocksOf(page, text).flatMap((block) => (block.language === 'sh' ? scriptCommands(block) : sessionCommands(block)));

export const docPages = ['README.md', ...globSync('docs/**/*.md', { cwd: root }).toSorted()];

export const docCommands: readonly DocCommand[] = docPages.flatMap((page) =>
  commandsIn(page, readFileSync(join(root, page), 'utf8')),
);
