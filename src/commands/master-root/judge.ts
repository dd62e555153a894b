import { hasWheelOf, lookAtRoot, type RootLook, wheelsOf } from '../../instance/master-root.ts';

/** Why a root is none that gives a wheel to tasks, and what to do. */
export type RootTrouble = { readonly message: string; readonly hint: string };

const ways =
  'name one that has it (--master-root), such as tools/build of a Determined checkout after `make -C tools prep-root`';

/** Versions in the names of wheels, `determined-VERSION-py3-none-any.whl`. */
const versionsOf = (wheels: readonly string[]): string =>
  wheels.map((name) => name.replace(/^determined-([^-]+)-.*$/, '$1')).join(', ');

/** Judges what a master of a version, or of any, finds below its root; `path` is for the message. */
export const judgeRoot = (path: string, look: RootLook, version?: string): RootTrouble | undefined => {
  if (!look.found) {
    return { message: `there is no folder ${path} on this machine`, hint: 'a master on another one needs it there' };
  }
  if (!look.found.hasStatic) {
    return { message: `${path} has no static/, without which a master does not start`, hint: ways };
  }
  if (hasWheelOf(look, version)) return undefined;
  const { wheels } = look.found;
  const has = wheels.length > 0 ? `, only of ${versionsOf(wheels)}` : '';
  const of = version === undefined ? '' : ` ${version}`;
  const message = `${wheelsOf(path)} has no wheel of determined${of}${has}: tasks whose image lacks the package do not start`;
  return { message, hint: ways };
};

/** The same for the folder as it is now; changes nothing. */
export const findRootTrouble = async (path: string, version?: string): Promise<RootTrouble | undefined> =>
  judgeRoot(path, await lookAtRoot(path), version);
