import type { Digests } from './entries.ts';
import type { Verdict } from './judge.ts';

type Section = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

/** The pins that are, and those that were open and are known now. What differs stays, and what nothing needs any more goes. */
export const mergeDigests = (verdicts: readonly Verdict[]): Digests => {
  const sections: Record<keyof Digests, Record<string, string | Record<string, string>>> = {
    files: {},
    images: {},
    wheels: {},
    modules: {},
  };
  for (const { entry, part, pinned, said } of verdicts) {
    const value = pinned ?? said;
    if (!entry.section || value === undefined) continue;
    const section = sections[entry.section];
    const before = section[entry.name];
    section[entry.name] = part === '' ? value : { ...(typeof before === 'object' && before), [part]: value };
  }
  return sections as Digests;
};

const width = 120;

const isPlainKey = (key: string): boolean => /^[A-Za-z_]\w*$/.test(key);

const renderPair = (key: string, value: string, indent: string): string => {
  const name = isPlainKey(key) ? key : `'${key}'`;
  const line = `${indent}${name}: '${value}',`;
  return line.length <= width ? line : `${indent}${name}:\n${indent}  '${value}',`;
};

const renderSection = (section: Section, indent: string): string =>
  Object.entries(section)
    .map(([key, value]) =>
      typeof value === 'string'
        ? renderPair(key, value, indent)
        : `${indent}'${key}': {\n${renderSection(value, `${indent}  `)}\n${indent}},`,
    )
    .join('\n');

const comments: Readonly<Record<keyof Digests, string>> = {
  files: "Release files, by their publisher's URL.",
  images: 'Images: the list of manifests, and the manifest of each architecture.',
  wheels: 'Wheels, by project, version and architecture.',
  modules: 'Go modules that are built outside of templates/go, as the checksum database has them.',
};

/** The text of src/config/digests.ts, as the formatter wants it. */
export const renderDigests = (digests: Digests): string => {
  const sections = (Object.keys(comments) as (keyof Digests)[]).map((name) => {
    const content = renderSection(digests[name] as Section, '    ');
    return `  /** ${comments[name]} */\n  ${name}: {${content ? `\n${content}\n  ` : ''}},\n`;
  });
  return `/**
 * Written by \`npm run pins -- --update\`, which never replaces a digest: a release does not change. SHA-256 in lower-case hex of
 * what is downloaded; what has no line here is open, and \`npm run pins -- --check\` lists it.
 */
export const digests = {
${sections.join('')}} as const;
`;
};
