import type { Instance } from '../../instance/instance.ts';
import { hasWheelOf, lookAtRoot } from '../../instance/master-root.ts';
import type { MasterInfo } from '../../proof/probe/placeholder-master.ts';
import { judgeRoot } from './judge.ts';

/** What a master says of itself, and where. */
type MasterAnswer = { readonly address: string; readonly info?: MasterInfo | undefined };

/**
 * Says that the master that answers has another version than the wheel in the root of the written files; undefined where none answers or all is
 * well. A master that was started with another root may have its wheel, so this is no problem of the instance.
 */
export const findVersionNote = async (
  instance: Pick<Instance, 'record'>,
  { address, info }: MasterAnswer,
): Promise<string | undefined> => {
  const { name, masterRoot } = instance.record();
  if (masterRoot === undefined) return undefined;
  if (!info) return undefined;
  const look = await lookAtRoot(masterRoot);
  if (!look.found || hasWheelOf(look, info.version)) return undefined;
  const trouble = judgeRoot(masterRoot, { found: { ...look.found, hasStatic: true } }, info.version);
  const way = `taskgate up --name ${name} --master-version ${info.version}`;
  return `the master at ${address} has version ${info.version}, but ${trouble?.message}; to get it: ${way}`;
};
