import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parse } from 'yaml';
import { isFields } from '../../src/lib/json.ts';
import { credentialsOf } from '../../src/lib/kube/credentials/credentials.ts';
import { execCredentials } from '../../src/lib/kube/credentials/exec.ts';
import { mergeKubeconfig, unmergeKubeconfig } from '../../src/lib/kube/kubeconfig/merge.ts';
import { openKubeconfig } from '../../src/lib/kube/kubeconfig/open.ts';
import { findClearText, findPluginCommand, hasPlugin, withUserOf } from '../../src/lib/kube/kubeconfig/plugin.ts';
import { added } from '../support/kubeconfig.ts';
import {
  execCredential,
  fullKubeconfig,
  kubeconfigs,
  strangersKubeconfigs,
} from '../support/properties/kubeconfigs.ts';
import { mutatedJson, mutatedText, mutatedValue, secretText } from '../support/properties/mutations.ts';
import { attempt, expectNoLeak, shownOf } from '../support/properties/promises.ts';
import { property } from '../support/properties/property.ts';
import { refused, unlessError } from '../support/properties/shares.ts';

const name = 'taskgate-dev';
const lists = ['clusters', 'users', 'contexts'];

/** What a reader of YAML 1.1 sees beside our entries. */
const othersIn = (text: string): unknown => {
  const value: unknown = parse(text, { version: '1.1', logLevel: 'error' });
  if (!isFields(value)) return {};
  const others = (list: unknown) =>
    Array.isArray(list) ? list.filter((entry) => !(isFields(entry) && entry.name === name)) : [];
  const context = value['current-context'] === name ? '' : (value['current-context'] ?? '');
  return {
    ...value,
    ...Object.fromEntries(lists.map((list) => [list, others(value[list])])),
    'current-context': context,
  };
};

/** Emptied lists are `null`, as kubectl writes them, whatever they were before. */
const withEmptied = (text: string): string =>
  text.replaceAll(
    /^(clusters|users|contexts):(?: null| ~)?(?=(?: #.*)?\r?$)(?!\r?\n(?:[ #].*\r?\n|\r?\n)*? *- )/gm,
    '$1: null',
  );

property(
  'kubeconfig: merge and unmerge of files as people write them',
  kubeconfigs,
  (text) => {
    const merged = mergeKubeconfig(text, added);
    assert.equal(mergeKubeconfig(merged, added), merged);
    assert.deepEqual(othersIn(merged), othersIn(text));
    const rest = unmergeKubeconfig(merged, name);
    assert.deepEqual(othersIn(rest), othersIn(text));
    assert.equal(unmergeKubeconfig(rest, name), rest);
  },
  { weight: 8 },
);

property(
  'kubeconfig: what is unmerged again is as it was, byte by byte',
  strangersKubeconfigs,
  (text) => {
    const rest = unmergeKubeconfig(mergeKubeconfig(text, added), name);
    assert.equal(withEmptied(rest), withEmptied(unmergeKubeconfig(text, name)));
  },
  { weight: 8 },
);

const good = [
  'apiVersion: v1\nclusters:\n- name: a\n  cluster: &c {server: "https://a"}\nusers: []\ncontexts:\n- context:\n    cluster: a\n  name: a\n',
  mergeKubeconfig('', added),
  mergeKubeconfig('users: # none\ncontexts: [{name: a}]\ncurrent-context: taskgate-dev\n', added),
  JSON.stringify(fullKubeconfig, null, 2),
  '',
];

/** Undefined for a file without content, which becomes one of our own form, and for one that this reader refuses. */
const seenIn = (text: string): unknown => {
  try {
    return parse(text, { logLevel: 'error' }) === null ? undefined : othersIn(text);
  } catch {
    return undefined;
  }
};

property(
  'kubeconfig: merge and unmerge of any text',
  mutatedText(...good),
  (text) => {
    const merged = attempt(() => mergeKubeconfig(text, added));
    const rest = attempt(() => unmergeKubeconfig(text, name));
    const seen = seenIn(text);
    if (seen === undefined) return refused;
    if ('value' in merged) assert.deepEqual(othersIn(merged.value), seen);
    if ('value' in rest) assert.deepEqual(othersIn(rest.value), seen);
    return unlessError(merged, rest);
  },
  { weight: 8, accepts: 0.15, good: good.slice(0, -1) },
);

const runner = async () => ({ exitCode: 0, stdout: '', stderr: '' });

property(
  'kubeconfig: opened, and its users',
  mutatedJson(fullKubeconfig),
  async (text) => {
    const opened = attempt(() => openKubeconfig(text, undefined, { env: {}, runsPrograms: true }));
    if ('error' in opened) expectNoLeak(secretText, shownOf(opened.error));
    for (const look of [hasPlugin, findPluginCommand, findClearText, (own: string) => withUserOf(own, own)]) {
      const seen = attempt(() => look(text));
      if ('error' in seen) expectNoLeak(secretText, shownOf(seen.error));
    }
    return unlessError(opened);
  },
  { weight: 8, accepts: 0.3 },
);

property(
  'kubeconfig: credentials of a user',
  mutatedValue(fullKubeconfig.users[0]?.user),
  async (user) => {
    if (!isFields(user)) return refused;
    const { 'client-key': _, 'client-certificate': __, tokenFile: ___, ...body } = user;
    const opened = attempt(() => credentialsOf('u', body, { runner, cluster: {} }));
    if ('error' in opened) expectNoLeak(secretText, shownOf(opened.error));
    if ('error' in opened) return refused;
    await opened.value.headers().catch((error: unknown) => {
      expectNoLeak(secretText, shownOf(error));
      throw error;
    });
    return undefined;
  },
  { accepts: 0.48 },
);

const plugin = { apiVersion: 'client.authentication.k8s.io/v1', command: 'p' };

property(
  'kubeconfig: answers of exec plugins',
  mutatedJson(execCredential),
  async (stdout) => {
    const { get } = execCredentials('u', plugin, {
      runner: async () => ({ exitCode: 0, stdout, stderr: '' }),
      cluster: {},
    });
    const found = await get().catch((error: unknown) => {
      expectNoLeak(secretText, shownOf(error));
      throw error;
    });
    assert.ok(found.authorization !== undefined || found.certificate.key !== undefined);
  },
  { accepts: 0.23 },
);

property(
  'kubeconfig: names and certificates that are no text',
  fc.jsonValue({ maxDepth: 3 }),
  (value) => {
    const cluster = { server: 'https://a', 'certificate-authority-data': value, 'tls-server-name': value };
    const file = {
      contexts: [{ name: 'c', context: { cluster: 'k', user: value } }],
      clusters: [{ name: 'k', cluster }],
    };
    openKubeconfig(JSON.stringify({ ...file, 'current-context': 'c', users: [{ name: value, user: value }] }));
  },
  { accepts: 0.55 },
);
