import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { cgroupPaths, isOwnCgroup, parseHierarchies } from '../../src/cluster/native/isolation/cgroups.ts';
import { mountPointsOf, parseMountPoints } from '../../src/cluster/native/isolation/host-tree.ts';
import { isConfined } from '../../src/cluster/native/isolation/unshare.ts';
import { judgeTunnels } from '../../src/commands/status/tunnels.ts';
import { isTunnelDaemonStatus } from '../../src/daemon/status.ts';
import type { InstanceRecord } from '../../src/instance/record.ts';
import { type Fields, itemsOf, parseFields } from '../../src/lib/json.ts';
import { parseTcpSockets } from '../../src/lib/process/sockets.ts';
import { splitLines } from '../../src/lib/text/lines.ts';
import type { TunnelDaemonStatus } from '../../src/model/tunnel-status.ts';
import { parseEvent } from '../../src/supervisor/launch.ts';
import { isSupervisorStatus } from '../../src/supervisor/status-socket.ts';
import { findConnectionLimit } from '../../src/tunnel/relay/slots.ts';
import { sharedFolder } from '../support/properties/folder.ts';
import { mutatedJson, mutatedText } from '../support/properties/mutations.ts';
import { property } from '../support/properties/property.ts';
import * as seeds from '../support/properties/seeds.ts';
import { accepted, refused } from '../support/properties/shares.ts';

const folder = sharedFolder();

property(
  'processes: start events',
  mutatedJson(...seeds.starterEvents),
  (line) => (parseEvent(line) ? undefined : refused),
  { accepts: 0.18 },
);

property(
  'processes: status of a supervisor',
  mutatedJson(...seeds.supervisorStatus),
  (text) => {
    const status = parseFields(text);
    if (!isSupervisorStatus(status)) return refused;
    for (const child of itemsOf(status['children'])) {
      assert.equal(typeof (child as Fields)['name'], 'string');
      assert.equal(typeof (child as Fields)['restarts'], 'number');
    }
    return undefined;
  },
  { accepts: 0.23 },
);

property(
  'processes: status of a tunnel daemon',
  mutatedJson(...seeds.tunnelStatus),
  (text) => {
    const status = parseFields(text);
    if (!isTunnelDaemonStatus(status)) return refused;
    const record = { name: 'dev', journal: [] } as unknown as InstanceRecord;
    return assert.ok(
      Array.isArray(judgeTunnels({ record, status: status as unknown as TunnelDaemonStatus, again: 'again' })),
    );
  },
  { accepts: 0.21 },
);

const mountinfo =
  '36 35 98:0 / /mnt\\040x rw - ext4 /dev/a rw\n25 20 0:22 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n26 20 0:23 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n';

property(
  'processes: /proc/self/mountinfo',
  mutatedText(mountinfo),
  (text) => {
    const points = parseMountPoints(text);
    mountPointsOf(['/lib/x', '/'], points);
    const hierarchies = parseHierarchies(text);
    isConfined(text);
    const paths = cgroupPaths(hierarchies, 'dev-1a2b3c4d').filter((path) => path.startsWith('/'));
    for (const path of paths) assert.ok(isOwnCgroup(path, hierarchies), path);
    return accepted(Math.min(1, paths.length));
  },
  { accepts: 0.42 },
);

const tcp =
  '  sl  local_address rem_address   st tx_queue\n   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 12345 1\n';

const isPort = (port: number): boolean => Number.isInteger(port) && port >= 0 && port <= 65_535;

property(
  'processes: /proc/net/tcp',
  mutatedText(tcp),
  (text) => {
    const sockets = parseTcpSockets(text);
    for (const { port, peerPort } of sockets) assert.ok(isPort(port) && isPort(peerPort));
    return accepted(Math.min(1, sockets.length));
  },
  { accepts: 0.3 },
);

property(
  'processes: /proc/self/limits',
  mutatedText('Max open files            1024                 4096                 files\n'),
  async (text) => {
    const path = join(folder(), 'limits');
    await writeFile(path, text);
    const limit = findConnectionLimit(path);
    assert.ok(limit >= 16 && limit <= 512);
  },
  { weight: 5 },
);

property(
  'processes: lines come out whole, however the text is cut up',
  fc.record({
    lines: fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 6 }),
    cuts: fc.array(fc.nat(9), { minLength: 1 }),
  }),
  ({ lines, cuts }) => {
    const wanted = lines.map((line) => line.replaceAll('\n', '').trimEnd());
    const text = wanted.map((line) => `${line}\n`).join('');
    const seen: string[] = [];
    const read = splitLines((line) => void seen.push(line));
    for (let [at, cut] = [0, 0]; at < text.length; cut++) {
      const length = 1 + (cuts[cut % cuts.length] ?? 0);
      read(text.slice(at, at + length));
      at += length;
    }
    assert.deepEqual(seen, wanted);
  },
);
