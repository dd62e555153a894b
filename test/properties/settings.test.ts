import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import fc from 'fast-check';
import { refuseSwallowedFlags } from '../../src/cli/npm-flags.ts';
import { parsePairs } from '../../src/commands/config/patch.ts';
import { parseDurationSeconds } from '../../src/commands/duration.ts';
import { parseReset } from '../../src/config/kept.ts';
import { loadConfig } from '../../src/config/load.ts';
import { settings, variableOf } from '../../src/config/settings.ts';
import { isFields } from '../../src/lib/json.ts';
import { renderYaml } from '../../src/lib/template.ts';
import { sharedFolder } from '../support/properties/folder.ts';
import { mutatedText, mutatedValue, secretText } from '../support/properties/mutations.ts';
import { attempt, expectNoLeak, shownOf } from '../support/properties/promises.ts';
import { property } from '../support/properties/property.ts';
import { settingsFile, settingsTree } from '../support/properties/settings.ts';
import { refused } from '../support/properties/shares.ts';

const folder = sharedFolder();
const load = async (text: string, env = {}, flags = {}) => {
  const file = join(folder(), 'taskgate.yaml');
  await writeFile(file, text);
  return loadConfig({ cwd: folder(), file, env, flags, check: () => [] });
};

/** Each problem begins with its place: file:line:column, a variable or a flag. */
const place =
  /^(?:\/\S*taskgate\.yaml(?::\d+:\d+)?|TASKGATE_\w+(?:, TASKGATE_\w+)*|--[a-z-]+(?:, --[a-z-]+)*|default)[:;]/;

const expectPlaces = (message: string): void => {
  const problems =
    message.startsWith('/') || !message.includes('\n  - ') ? [message] : message.split('\n  - ').slice(1);
  for (const problem of problems) assert.match(problem, place);
};

property(
  'settings: a taskgate.yaml of any text',
  mutatedText(settingsFile, renderYaml(settingsTree), '? [a]\n: 1\n', 'a: &x [*x]\n'),
  async (text) => {
    await load(text).catch((error: unknown) => {
      expectPlaces(shownOf(error));
      throw error;
    });
  },
  { weight: 10, accepts: 0.06, good: [settingsFile, renderYaml(settingsTree)] },
);

const plainOf = (config: object): object => JSON.parse(JSON.stringify(config)) as object;

property(
  'settings: what is valid and written out is read back equal',
  mutatedValue(settingsTree),
  async (tree) => {
    const first = await load(renderYaml(tree ?? {}));
    // a mirror hides its password in a function, and is written as it was given
    const mirror = isFields(tree) && 'mirror' in tree ? { mirror: tree['mirror'] } : {};
    const again = await load(renderYaml({ ...plainOf(first.config), ...mirror }));
    assert.deepEqual(plainOf(again.config), plainOf(first.config));
  },
  { weight: 20, accepts: 0.15 },
);

const values = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '1',
    'true',
    'none',
    '10.0.0.0/8',
    `http://u:${secretText}@h/`,
    'a,b c',
    '\u0000',
    '1e9',
    '-1',
  ),
  fc.string({ maxLength: 12 }),
);
const paths = fc.constantFrom(...settings.map(({ path }) => path));
const fits = [
  ...[
    ['name', 'dev'],
    ['gateway.seedPort', '19999'],
    ['gateway.listenerLimit', '300'],
    ['network.policies', 'false'],
  ],
  ...[
    ['network.cidr', '10.210.0.0/16'],
    ['ssh.host', 'me@example'],
    ['mirror', `https://u:${secretText}@h/`],
  ],
] as [string, string][];
const pairs = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...fits) }, fc.tuple(paths, values));

property(
  'settings: variables and flags',
  fc.record({
    env: fc.array(
      pairs.map(([path, value]): [string, string] => [variableOf(path), value]),
      { maxLength: 4 },
    ),
    stray: fc.array(
      fc.tuple(
        fc.string({ maxLength: 9 }).map((name) => `TASKGATE_${name}`),
        values,
      ),
      { maxLength: 2 },
    ),
    flags: fc.array(pairs, { maxLength: 4 }),
  }),
  async ({ env, stray, flags }) => {
    const given = { ...Object.fromEntries(stray), ...Object.fromEntries(env) };
    await load('', given, Object.fromEntries(flags)).then(
      (loaded) => expectNoLeak(secretText, loaded.given, loaded.warnings),
      (error: unknown) => {
        // only a mirror is a URL that may have a password; what is put elsewhere is no secret of ours
        if (/mirror/i.test(JSON.stringify([env, flags]))) expectNoLeak(`:${secretText}@`, shownOf(error));
        throw error;
      },
    );
  },
  { weight: 20, accepts: 0.1 },
);

property(
  'settings: durations',
  mutatedText('90', '90s', '20m', '1h'),
  (text) => {
    const seconds = parseDurationSeconds(text, '--timeout');
    assert.ok(Number.isInteger(seconds) && seconds > 0 && seconds <= 9_999_999 * 3_600);
  },
  { accepts: 0.19 },
);

property(
  'settings: --reset, and pairs of config patch',
  mutatedText('gateway.listenerLimit,ssh', 'all', 'default=dev', 'a=b=c'),
  (text) => {
    const reset = attempt(() => parseReset(text));
    const pairs = attempt(() => parsePairs([text, text]));
    assert.ok('error' in pairs);
    const one = attempt(() => parsePairs([text]));
    if ('value' in one)
      assert.deepEqual(
        [...one.value].map((pair) => pair.join('=')),
        [text],
      );
    return 'value' in one || 'value' in reset ? undefined : refused;
  },
  { accepts: 0.27 },
);

const program = new Command().option('--name <name>').option('--provider <provider>').option('--write');
property(
  'settings: flags that npm took',
  fc.dictionary(
    fc.constantFrom('npm_config_name', 'npm_config_provider', 'npm_config_write', 'npm_config_json'),
    fc.string(),
  ),
  (env) => {
    const asked = attempt(() =>
      refuseSwallowedFlags(program, ['up'], { npm_command: 'run', npm_lifecycle_event: 'x', ...env }),
    );
    const isSwallowed = Object.keys(env).some((name) => name !== 'npm_config_json');
    assert.equal('error' in asked, isSwallowed);
  },
);
