// Tested in test/commands/status/own-master.test.ts
import { findMasterKeeper } from '../../determined/stop.ts';
import { findInstance, listNames } from '../../instance/instance.ts';
import type { InstanceRecord } from '../../instance/record.ts';
import { UserError } from '../../lib/errors.ts';
import { keptOf } from '../settings/kept.ts';

/** A record that cannot be read is a problem of its instance alone. */
const findReadable = (stateDir: string, name: string) =>
  findInstance(stateDir, name).catch((error: unknown) => {
    if (error instanceof UserError) return undefined;
    throw error;
  });

/** The other instance whose own master has this port, and runs. Undefined where what answers there is the user's. */
export const findPortKeeper = async (
  stateDir: string,
  self: string,
  port: number,
): Promise<InstanceRecord | undefined> => {
  for (const name of await listNames(stateDir)) {
    if (name === self) continue;
    const instance = await findReadable(stateDir, name);
    if (instance?.record().settings?.master?.port !== port) continue;
    if (await findMasterKeeper(instance)) return instance.record();
  }
  return undefined;
};

/** Names of the other instances that the master of an instance serves, too. */
export const servedBy = (record: InstanceRecord): readonly string[] => {
  const also = keptOf(record)['master.also'];
  return Array.isArray(also) ? also.map(String).filter((name) => name !== record.name) : [];
};
