import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc, { type Arbitrary } from 'fast-check';
import { secretText } from './mutations.ts';

/** Scalars that YAML 1.1, YAML 1.2 and JSON read in different ways, and some that all read alike. */
const scalars = [
  ...['yes', 'no', 'on', 'off', 'y', '0123', '0o17', '1_000', '1:30', '~', '0x1f', '1e3', '.inf', '2001-12-14', '='],
  ...['true', 'null', '""', "'it''s'", '"\\u00e9"', 'https://a.example:6443', 'a b', '[a, b]', '{a: yes}', '""'],
];

const strangers = fc.constantFrom('work', 'home', 'a.b', '0123', 'yes', "'x: y'");
const names = fc.oneof({ weight: 3, arbitrary: strangers }, fc.constantFrom('taskgate-dev', '"taskgate-dev"'));
const comments = fc.constantFrom('', '', '', ' # mine', ' # - name: taskgate-dev');

type Body = { readonly name: string; readonly fields: readonly (readonly [string, string])[] };
const bodiesOf = (named: Arbitrary<string>): Arbitrary<Body> =>
  fc.record({
    name: named,
    fields: fc.uniqueArray(
      fc.tuple(
        fc.constantFrom('server', 'token', 'password', 'insecure-skip-tls-verify', 'as'),
        fc.constantFrom(...scalars),
      ),
      { selector: ([key]) => key, minLength: 1, maxLength: 3 },
    ),
  });

type Style = 'block' | 'dash alone' | 'flow';
type Item = { readonly body: Body; readonly style: Style; readonly comment: string; readonly above: string };
const itemsOf = (body: Arbitrary<Body>): Arbitrary<Item> =>
  fc.record({
    body,
    style: fc.constantFrom<Style>('block', 'block', 'dash alone', 'flow'),
    comment: comments,
    above: fc.constantFrom('', '', '\n', '  # above\n', '# at the margin\n'),
  });

const flowOf = ({ name, fields }: Body, key: string): string =>
  `{name: ${name}, ${key}: {${fields.map(([field, value]) => `${field}: ${value}`).join(', ')}}}`;

const renderItem = ({ body, style, comment, above }: Item, key: string, indent: string): string => {
  const inner = `${indent}  `;
  const lines = [
    `name: ${body.name}${comment}`,
    `${key}:`,
    ...body.fields.map(([field, value]) => `  ${field}: ${value}${comment}`),
  ];
  if (style === 'flow') return `${above}${indent}- ${flowOf(body, key)}${comment}\n`;
  const [first = '', ...rest] = lines;
  const start = style === 'block' ? `${indent}- ${first}` : `${indent}-${comment}\n${inner}${first}`;
  return `${above}${[start, ...rest.map((line) => inner + line)].join('\n')}\n`;
};

type List =
  | { readonly kind: 'absent' }
  | { readonly kind: 'empty'; readonly text: string }
  | { readonly kind: 'flow'; readonly bodies: readonly Body[] }
  | { readonly kind: 'block'; readonly items: readonly Item[]; readonly indent: string };

const listsOf = (named: Arbitrary<string>): Arbitrary<List> =>
  fc.oneof(
    fc.record({ kind: fc.constant('absent' as const) }),
    fc.record({
      kind: fc.constant('empty' as const),
      text: fc.constantFrom('', ' null', ' ~', ' []', ' [ ]', ' null # none', ' # none'),
    }),
    fc.record({
      kind: fc.constant('flow' as const),
      bodies: fc.array(bodiesOf(named), { minLength: 1, maxLength: 2 }),
    }),
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('block' as const),
        items: fc.uniqueArray(itemsOf(bodiesOf(named)), {
          selector: ({ body }) => body.name.replaceAll(/["']/g, ''),
          minLength: 1,
          maxLength: 3,
        }),
        indent: fc.constantFrom('', '  ', '    '),
      }),
    },
  );

const renderList = (key: string, list: List): string => {
  const [one] = [key.slice(0, -1)];
  switch (list.kind) {
    case 'absent':
      return '';
    case 'empty':
      return `${key}:${list.text}\n`;
    case 'flow':
      return `${key}: [${list.bodies.map((body) => flowOf(body, one)).join(', ')}]\n`;
    case 'block':
      return `${key}:\n${list.items.map((item) => renderItem(item, one, list.indent)).join('')}`;
  }
};

/** How a kubeconfig is written: which names its entries have, which lists are there, and which context is the current one. */
type Form = { readonly lists: Arbitrary<List>; readonly context: Arbitrary<string> };

const filesOf = ({ lists: list, context: current }: Form): Arbitrary<string> =>
  fc
    .record({
      lists: fc.tuple(list, list, list),
      order: fc.constantFrom([0, 1, 2, 3], [3, 1, 0, 2], [2, 0, 3, 1]),
      head: fc.constantFrom('apiVersion: v1\nkind: Config\n', '# my clusters\napiVersion: v1\n', '---\nkind: Config\n'),
      context: current,
      tail: fc.constantFrom('', '', '# end\n', '\n\n'),
      eol: fc.constantFrom('\n', '\n', '\r\n'),
      hasLastNewline: fc.boolean(),
    })
    .map(({ lists: all, order, head, context, tail, eol, hasLastNewline }) => {
      const keys = ['clusters', 'users', 'contexts'];
      const parts = [...all.map((one, index) => renderList(keys[index] ?? '', one)), context];
      const text = head + order.map((index) => parts[index]).join('') + tail;
      return (hasLastNewline ? text : text.replace(/\n$/, '')).replaceAll('\n', eol);
    });

const contexts = ['current-context: work\n', 'preferences: {}\n'];

/** Kubeconfigs as people and tools write them. */
export const kubeconfigs: Arbitrary<string> = filesOf({
  lists: listsOf(names),
  context: fc.constantFrom("current-context: 'taskgate-dev' # now\n", ...contexts),
});

/** Those with all three lists, in which nothing is taskgate's: the rest of them stays byte by byte. */
export const strangersKubeconfigs: Arbitrary<string> = filesOf({
  lists: listsOf(strangers).filter(({ kind }) => kind !== 'absent'),
  context: fc.constantFrom(...contexts),
});

const certificate = readFileSync(join(import.meta.dirname, '../../fixtures/localhost-cert.pem'));

/** A kubeconfig with everything that taskgate reads, and secrets where they belong. */
export const fullKubeconfig = {
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'c',
  contexts: [{ name: 'c', context: { cluster: 'k', user: 'u', namespace: 'n' } }],
  clusters: [
    {
      name: 'k',
      cluster: {
        ...{ server: 'https://k.example:6443/path', 'tls-server-name': 'k', 'insecure-skip-tls-verify': true },
        'proxy-url': `http://user:${secretText}@proxy.example:3128`,
        'certificate-authority-data': certificate.toString('base64'),
        extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { a: 1 } }],
      },
    },
  ],
  users: [
    {
      name: 'u',
      user: {
        ...{ token: secretText, username: 'a', password: secretText, as: 'x', 'as-groups': ['g'] },
        'as-user-extra': { scopes: ['s'] },
        exec: {
          ...{ apiVersion: 'client.authentication.k8s.io/v1', command: 'aws', interactiveMode: 'Never' },
          ...{ args: ['eks', 'get-token', '--secret', secretText], env: [{ name: 'A', value: secretText }] },
        },
      },
    },
  ],
};

export const execCredential = {
  apiVersion: 'client.authentication.k8s.io/v1',
  kind: 'ExecCredential',
  status: {
    ...{ token: secretText, expirationTimestamp: '2026-01-01T00:00:00Z' },
    ...{ clientCertificateData: 'c', clientKeyData: secretText },
  },
};
