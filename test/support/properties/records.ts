import { journalled } from '../golden/records.ts';

const base = { schema: 1, name: 'dev', createdAt: '2026-01-01T00:00:00.000Z', provider: 'native' };
const merge = { path: '/home/me/.kube/config', kubeContext: 'taskgate-dev' };

export const records: readonly [unknown, ...unknown[]] = [
  { ...base, cidr: '10.210.0.0/16', journal: Object.values(journalled), merged: merge, mergedBefore: [merge] },
  { ...base, journal: [], given: { 'gateway.seedPort': 19_999 }, proven: { at: 'x', run: 'y', settings: 'z' } },
  { ...base, attach: { context: 'c', kubeconfigPaths: ['/k'] }, journal: [journalled.tunnels] },
];

export const tunnelSpec = {
  ...{ instance: 'dev', socketPath: '/s', folder: '/f', logsDir: '/l' },
  tunnel: { kind: 'ssh', settings: { host: 'h' }, secret: 'x' },
};
