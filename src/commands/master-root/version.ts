import type { Instance } from '../../instance/instance.ts';
import { hasWheelOf, lookAtRoot } from '../../instance/master-root.ts';
import { hostAndPort } from '../../lib/host-and-port.ts';
import type { HostPort } from '../../proof/probe/dial.ts';
import { findMasterInfo } from '../../proof/probe/master-info.ts';
import { judgeRoot } from './judge.ts';

/**
 * Says that the master that answers has another version than the wheel in the root of the written files; undefined where none answers or all is
 * well. A master that was started with another root may have its wheel, so this is no problem of the instance.
 */
export const findVersionNote = async (
  instance: Pick<Instance, 'record'>,
  target: HostPort,
): Promise<string | undefined> => {
  const { name, masterRoot } = instance.record();
  if (masterRoot === undefined) return undefined;
  const [info, look] = await Promise.all([findMasterInfo(target), lookAtRoot(masterRoot)]);
  if (!info || !look.found || hasWheelOf(look, info.version)) return undefined;
  const trouble = judgeRoot(masterRoot, { found: { ...look.found, hasStatic: true } }, info.version);
  const way = `taskgate up --name ${name} --master-version ${info.version}`;
  return `the master at ${hostAndPort(target)} has version ${info.version}, but ${trouble?.message}; to get it: ${way}`;
};
