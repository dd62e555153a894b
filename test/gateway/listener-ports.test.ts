import { describe, expect, test } from 'vitest';
import { allowedPorts, findClash, findPortProblems } from '../../src/gateway/listener-ports.ts';
import { containerPort, ephemeralOverlap } from '../../src/model/task-listener.ts';

/** Both halves land on container ports 1024-2046: p and p + 1023 exclude each other. */
const clashRanges = { lower: { start: 57536, end: 58558 }, upper: { start: 58559, end: 59581 } } as const;

/** Used inside Envoy's pod: stats and health, shutdown manager, admin. No allowed listener port leads there. */
const reservedContainerPorts: readonly number[] = [8002, 8090, 9001];

const allPorts = Array.from({ length: allowedPorts.end - allowedPorts.start + 1 }, (_, i) => allowedPorts.start + i);

describe('facts about all allowed ports', () => {
  test('none leads to a port that Envoy uses itself', () => {
    expect(allPorts.map(containerPort).filter((port) => reservedContainerPorts.includes(port))).toEqual([]);
  });

  test('only the two clash ranges share container ports', () => {
    const { lower, upper } = clashRanges;
    const outside = allPorts.filter((port) => port < lower.start || port > upper.end);
    expect(findClash([...outside, ...allPorts.filter((port) => port <= lower.end)].toSorted())).toBeUndefined();
    expect(findClash(allPorts)).toEqual([lower.start, upper.start]);
  });

  test('the ephemeral overlap is exactly what lands on 32768-60999', () => {
    const inside = allPorts.filter((port) => containerPort(port) >= 32768 && containerPort(port) <= 60999);
    expect([inside.at(0), inside.at(-1), inside.length]).toEqual([ephemeralOverlap.start, ephemeralOverlap.end, 28232]);
  });
});

test.each([
  [20000, 20199, 'such as 19999'],
  [1025, 20199, 'such as 20200'],
  [57537, 58558, 'such as 57536'],
  // 57999 would be bound where 59022 is, and 59023 where 58000 is
  [58000, 59022, 'shorten the range'],
  [1025, 65535, 'shorten the range'],
])('a seed port in %i-%i is told a port that no rule refuses: %s', (start, end, advice) => {
  const [finding] = findPortProblems({ portRange: { start, end }, seedPort: end, listenerLimit: 100_000 }).filter(
    ({ about }) => about === 'seedPort',
  );
  expect(finding?.hint).toContain(advice);
});

const plan = (start: number, end: number, more: { seedPort?: number; listenerLimit?: number } = {}) => ({
  portRange: { start, end },
  seedPort: start - 1,
  listenerLimit: 100_000,
  ...more,
});

test.each([
  ['the default', plan(20000, 20199, { listenerLimit: 213 }), []],
  [
    'below the range the master accepts',
    plan(1024, 2000, { seedPort: 3000 }),
    ['error portRange: 1024-2000 is outside'],
  ],
  ['above it', plan(65000, 65536), ['error portRange: 65000-65536 is outside']],
  ['the first port that the master accepts', plan(1025, 2000, { seedPort: 3000 }), []],
  ['the last one', plan(65000, 65535), []],
  ['seed at the first port of the range', plan(20000, 20199, { seedPort: 20000 }), ['error seedPort: 20000 lies']],
  ['seed at the last port of the range', plan(20000, 20199, { seedPort: 20199 }), ['error seedPort: 20199 lies']],
  ['the first seed that the master accepts', plan(20000, 20199, { seedPort: 1025 }), []],
  ['up to the ports of the kernel', plan(24700, 24767), []],
  ['the first port of the kernel', plan(24700, 24768), ['warning portRange: 24700-24768 overlaps 24768-52999']],
  ['the last port of the kernel', plan(52999, 53100), ['warning portRange: 52999-53100 overlaps 24768-52999']],
  ['beyond the ports of the kernel', plan(53000, 53100), []],
  ['start after end', plan(20010, 20000), ['error portRange: start 20010 > end 20000']],
  ['one port only', plan(20000, 20000), ['error portRange: start 20000 = end 20000']],
  ['seed inside', plan(20000, 20199, { seedPort: 20100 }), ['error seedPort: 20100 lies in the port range']],
  ['privileged seed', plan(20000, 20199, { seedPort: 80 }), ['error seedPort: 80 is not in 1025-65535']],
  ['both clash ranges', plan(58000, 59100), ['error portRange: Contour binds ports 58000 and 59023 to the same']],
  ['only the upper clash range', plan(58600, 59581, { seedPort: 60000 }), []],
  ['seed clashes', plan(58559, 58600, { seedPort: 57537 }), ['error seedPort: Contour binds ports 57537 and 58560']],
  ["the master's default start", plan(32768, 33000), ['warning portRange: 32768-33000 overlaps 24768-52999']],
  [
    'node ports',
    plan(32000, 32100),
    ['warning portRange: 32000-32100 overlaps 24', 'warning portRange: 32000-32100 overlaps the'],
  ],
  [
    'more ports than listeners',
    plan(20000, 20212, { listenerLimit: 213 }),
    ['warning listenerLimit: 20000-20212 has 213 ports, but a limit of 213 leaves 212 besides the seed listener'],
  ],
  ['as many as fit', plan(20000, 20211, { listenerLimit: 213 }), []],
])('%s', (_, input, expected) => {
  const found = findPortProblems(input).map(({ severity, about, message }) => `${severity} ${about}: ${message}`);
  expect(found).toEqual(expected.map((start) => expect.stringContaining(start)));
  expect(findPortProblems(input).every(({ hint }) => hint.length > 0)).toBe(true);
});
