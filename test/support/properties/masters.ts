import fc, { type Arbitrary } from 'fast-check';

const gatewayKeys = [
  'gateway_name: old',
  'gateway_ip:',
  'gateway_ip: 10.0.0.1 # mine',
  'gateway_port_range_start: 1',
  "gateway_namespace: 'x'",
];

const gateways: Arbitrary<readonly string[]> = fc.oneof(
  fc.constant([]),
  fc.constantFrom(
    ['internal_task_gateway:'],
    ['internal_task_gateway: ~'],
    ['internal_task_gateway: {gateway_name: old}'],
    ['internal_task_gateway: {}'],
  ),
  fc.subarray(gatewayKeys, { minLength: 1 }).map((keys) => {
    const [first = '', ...rest] = keys.filter(
      (key, index) => keys.findIndex((one) => one.split(':')[0] === key.split(':')[0]) === index,
    );
    return ['internal_task_gateway:', `  ${first}`, ...rest.map((key) => `  ${key}`)];
  }),
);

const otherKeys = [
  'max_slots_per_pod: 1',
  'namespace: team # ours',
  'kubeconfig_path:',
  'kubeconfig_path: /old # was here',
  'determined_master_host: 10.0.0.9',
  'determined_master_ip: 10.0.0.9 # by hand',
  "determined_master_port: '8080'",
  'determined_master_scheme: https',
  'slot_type: cpu',
  'fluent: {image: x, uid: 0}',
];

const keyOf = (line: string): string => line.split(':')[0]?.replace('_ip', '_host') ?? '';

/** The keys of a resource manager, each once, in any order. */
const managers: Arbitrary<readonly string[]> = fc
  .tuple(fc.shuffledSubarray(otherKeys), gateways, fc.nat(9))
  .map(([keys, gateway, at]) => {
    const single = keys.filter((key, index) => keys.findIndex((one) => keyOf(one) === keyOf(key)) === index);
    const place = at % (single.length + 1);
    return ['type: kubernetes', ...single.slice(0, place), ...gateway, ...single.slice(place)];
  });

const around = [
  'port: 8080',
  'db: {host: localhost}',
  '# about the log',
  'log:\n  level: info # loud',
  'scim:\n  enabled: no',
  'x: |\n  a # no comment\n',
  '',
];

/** master.yaml files as people write them: in any order, with comments, empty values, and with or without a last line end. */
export const masterFiles: Arbitrary<string> = fc
  .record({
    manager: managers,
    before: fc.subarray(around),
    after: fc.constantFrom('', 'cache: /x\n', '# the end\n', '\n\n'),
    indent: fc.constantFrom('  ', '    ', ' '),
    eol: fc.constantFrom('\n', '\n', '\r\n'),
    hasLastNewline: fc.boolean(),
  })
  .map(({ manager, before, after, indent, eol, hasLastNewline }) => {
    const block = manager.map((line) => `${indent}${line}\n`).join('');
    const text = `${before.map((part) => `${part}\n`).join('')}resource_manager:\n${block}${after}`;
    return (hasLastNewline ? text : text.replace(/\n+$/, '')).replaceAll('\n', eol);
  });
