import { copyFile, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '../lib/errors.ts';
import { sha256OfFile } from '../lib/files.ts';
import { runGo } from './go-build.ts';
import type { Source } from './item.ts';
import type { ManifestPin } from './pins.ts';

/** The manifest must be the pinned one, wherever it comes from. */
export const verifyManifest = async (path: string, { sha256 }: ManifestPin, from: string): Promise<void> => {
  const seen = await sha256OfFile(path);
  if (seen === sha256) return;
  throw new UserError(`${basename(path)} from ${from} has sha256 ${seen}, not the pinned ${sha256}`, {
    id: 'artifact.checksum',
    hint: 'something on the way changes it: try another mirror or proxy',
  });
};

const moduleDir = (json: string): string => {
  const { Dir } = JSON.parse(json) as { Dir?: unknown };
  if (typeof Dir !== 'string') throw new Error(`go mod download told no folder: ${json}`);
  return Dir;
};

/** Takes the manifest out of the Go module of the same release. */
export const manifestFromModule = (pin: ManifestPin): Source => ({
  name: 'go',
  make: async (dir, work) => {
    work.tell('downloading', `Go module ${pin.go.requires}`);
    const command = ['go', 'mod', 'download', '-json', pin.go.requires] as const;
    const { stdout } = await runGo(work, pin.go.module, command, () => undefined);
    await mkdir(dir, { recursive: true });
    const path = join(dir, basename(pin.go.path));
    await copyFile(join(moduleDir(stdout), pin.go.path), path);
    await verifyManifest(path, pin, 'its Go module');
  },
});
