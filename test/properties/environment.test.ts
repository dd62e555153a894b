import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { renderEnv } from '../../src/commands/env/formats.ts';
import { attempt } from '../support/properties/promises.ts';
import { property } from '../support/properties/property.ts';
import { refused } from '../support/properties/shares.ts';

/** What a process can have in its environment: no NUL, and no half of a surrogate pair. */
const values = fc
  .oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom("'", '"', '`', '$', '\\', '\n', '\r', ' ', '!', '{', '(', 'a', '%', '#', '=') }),
  )
  .map((text) => `a${text.replaceAll('\0', '')}`);

const named = fc.array(values, { minLength: 1, maxLength: 40 });
const countOf = (texts: readonly string[]): number => texts.length;
const variablesOf = (texts: readonly string[]) => Object.fromEntries(texts.map((text, index) => [`V${index}`, text]));

property(
  'env: bash gives back any value',
  named,
  (texts) => {
    const script = `${renderEnv(variablesOf(texts), 'bash')}${texts.map((_, index) => `printf '%s\\0' "$V${index}"`).join('\n')}\n`;
    const seen = execFileSync('bash', ['--norc', '--noprofile', '-c', 'eval "$(cat)"'], {
      input: script,
      encoding: 'utf8',
    });
    assert.deepEqual(seen.split('\0').slice(0, -1), texts);
  },
  { weight: 300, countOf },
);

/** As the runner of GitHub reads the file that GITHUB_ENV names. */
const readGithub = (text: string): Record<string, string> => {
  const found: Record<string, string> = {};
  let rest = text;
  while (rest !== '') {
    const [, name = '', , delimiter] = /^([^=<\n]+)(=|<<(.*)\n)/.exec(rest) ?? [];
    const start = rest.indexOf(delimiter === undefined ? '=' : '\n') + 1;
    const ending = delimiter === undefined ? '\n' : `\n${delimiter}\n`;
    const end = rest.indexOf(ending, start);
    found[name] = rest.slice(start, end);
    rest = rest.slice(end + ending.length);
  }
  return found;
};

property(
  'env: GITHUB_ENV gives back any value',
  named,
  (texts) => {
    const variables = variablesOf(texts);
    assert.deepEqual(readGithub(renderEnv(variables, 'github')), variables);
  },
  { weight: 10, countOf },
);

property(
  'env: JSON gives back any value',
  named,
  (texts) => {
    const variables = variablesOf(texts);
    assert.deepEqual(JSON.parse(renderEnv(variables, 'json')), variables);
  },
  { weight: 10, countOf },
);

/** As the package dotenv reads a line (its regular expression, without expansion). */
const readDotenv = (text: string): string | undefined => {
  const [, value = ''] =
    /^\s*V0=(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?(?:$|$)/m.exec(
      text.replaceAll('\r\n', '\n'),
    ) ?? [];
  const trimmed = value.trim();
  const bare = trimmed.replace(/^(['"`])([\s\S]*)\1$/m, '$2');
  return trimmed.startsWith('"') ? bare.replaceAll('\\n', '\n').replaceAll('\\r', '\r') : bare;
};

property(
  'env: dotenv gives back any value that it can hold',
  values,
  (text) => {
    const rendered = attempt(() => renderEnv({ V0: text }, 'dotenv'));
    if ('error' in rendered) assert.equal(rendered.error.id, 'environment.dotenv');
    if ('error' in rendered || text.includes('\r')) return refused;
    return assert.equal(readDotenv(rendered.value), text);
  },
  { accepts: 0.49 },
);
