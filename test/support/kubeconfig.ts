import { parseYaml, renderYaml } from '../../src/lib/template.ts';

/** A kubeconfig with a cluster, a user and a context for each name. */
export const config = (names: readonly string[], current: string, server = 'https://a') =>
  renderYaml({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: names.map((name) => ({ name, cluster: { server } })),
    users: names.map((name) => ({ name, user: { token: `t-${name}` } })),
    contexts: names.map((name) => ({ name, context: { cluster: name, user: name } })),
    'current-context': current,
  });

/** What is merged into others. */
export const added = config(['taskgate-dev'], 'taskgate-dev', 'https://ours');

type Parsed = Readonly<Record<'clusters' | 'users' | 'contexts', readonly { name: string }[]>> & {
  readonly 'current-context': string;
  readonly preferences?: unknown;
};
export const read = (text: string) => parseYaml(text) as Parsed;
export const contextNames = (text: string) => (read(text).contexts ?? []).map(({ name }) => name);
