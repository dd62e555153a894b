import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parse } from 'yaml';
import { isFields } from '../../src/lib/json.ts';
import { isPythonRegex } from '../../src/master/rules/python-regex.ts';
import { validateMasterConfig } from '../../src/master/rules/validate.ts';
import { both, devcluster, patch } from '../support/master/patch-sample.ts';
import { masterFiles } from '../support/properties/masters.ts';
import { mutatedText } from '../support/properties/mutations.ts';
import { attempt } from '../support/properties/promises.ts';
import { property } from '../support/properties/property.ts';
import * as seeds from '../support/properties/seeds.ts';
import { refused } from '../support/properties/shares.ts';

const ours = [
  ...['kubeconfig_path', 'determined_master_host', 'determined_master_ip', 'determined_master_port'],
  ...['determined_master_scheme', 'internal_task_gateway'],
];

/** All that the file says beside our keys, with scalars as they are written. */
const restOf = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(restOf);
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (ours.includes(key.toLowerCase()) ? [] : [[key, restOf(inner)]])),
  );
};

const written = (text: string): unknown =>
  restOf(parse(text, { schema: 'failsafe', uniqueKeys: false, logLevel: 'error' }));

const comments = (text: string): readonly string[] => text.match(/# [a-z].*/g) ?? [];

const expectPatched = (before: string, after: string): void => {
  assert.deepEqual(written(after), written(before));
  assert.equal(patch(after).text, after);
  const kept = comments(after);
  for (const comment of comments(before))
    assert.ok(kept.includes(comment.trimEnd()) || kept.includes(comment), `${comment} is lost`);
};

property(
  'master: patched files as people write them',
  masterFiles,
  (text) => {
    const patched = patch(text).text;
    expectPatched(text, patched);
    const eols = (one: string) => new Set(one.match(/\r?\n/g));
    if (eols(text).size === 1) assert.deepEqual(eols(patched), eols(text));
  },
  { weight: 10, accepts: 0.55 },
);

property(
  'master: patched files of any text',
  mutatedText(devcluster, ...seeds.masterFiles, 'resource_manager:\n  type: kubernetes\n'),
  (text) => {
    const values = text.includes('cluster_name: extra') ? both : undefined;
    const patched = attempt(() => patch(text, values));
    if ('error' in patched) {
      assert.match(patched.error.id, /^usage\.(patch-|master-values)/);
      return refused;
    }
    assert.equal(patch(patched.value.text, values).text, patched.value.text);
    return undefined;
  },
  { weight: 20, accepts: 0.1, good: [devcluster, 'resource_manager:\n  type: kubernetes\n'] },
);

property(
  'master: checked files of any text',
  mutatedText(devcluster, ...seeds.masterFiles),
  (text) => {
    for (const { line, column, message } of validateMasterConfig(text)) {
      assert.ok(line >= 1 && column >= 1 && message !== '');
      assert.ok(line <= text.split('\n').length + 1, `line ${line} is behind the end`);
    }
  },
  { weight: 20 },
);

property(
  'master: patterns of Python',
  fc.oneof(fc.string(), mutatedText('(?P<port>[0-9]+) (?P=port)', '(?i)a(?#b)')),
  (text) => {
    assert.equal(typeof isPythonRegex(text), 'boolean');
  },
);
