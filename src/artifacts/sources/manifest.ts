// Tested in test/artifacts/artifacts.test.ts
import { copyFile, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '../../lib/errors.ts';
import { sha256OfFile } from '../../lib/files.ts';
import type { Mirror } from '../../lib/http/mirror.ts';
import type { ManifestPin } from '../../model/pins.ts';
import type { ArtifactSource } from '../item.ts';
import { downloadFile } from '../store/download.ts';
import { formatBytes } from '../store/progress.ts';
import { inModule, runGo } from './go-build.ts';
import { fillUrl, mirroredUrl } from './release.ts';

const fileName = (pin: ManifestPin): string => basename(pin.go.path);

/** Verifies that the manifest is the pinned one. */
export const verifyManifest = async (dir: string, pin: ManifestPin, from: string): Promise<void> => {
  const seen = await sha256OfFile(join(dir, fileName(pin)));
  if (seen === pin.sha256) return;
  throw new UserError(`${fileName(pin)} from ${from} has sha256 ${seen}, not the pinned ${pin.sha256}`, {
    id: 'artifact.checksum',
    hint: 'it was changed on the way: try another mirror or proxy',
  });
};

/** Downloads the release's manifest, or its copy on a mirror. */
export const manifestFromRelease = (pin: ManifestPin, mirror?: Mirror): ArtifactSource => ({
  name: mirror ? 'mirror' : 'release',
  make: async (dir, work) => {
    const official = fillUrl(pin.url, { version: pin.version, arch: work.arch, file: fileName(pin) });
    const url = mirror ? mirroredUrl(mirror.url, official) : official;
    const { host } = new URL(url);
    work.report('downloading', `waiting for ${host}`);
    const onBytes = (done: number, total: number | undefined) =>
      work.report('downloading', `${formatBytes(done, total)} from ${host}`);
    await downloadFile({ url, sha256: pin.sha256, to: join(dir, fileName(pin)), onBytes }, work);
    work.prove({ of: official, sha256: pin.sha256, by: 'pin' });
  },
});

const moduleDir = (json: string): string => {
  const { Dir } = JSON.parse(json) as { Dir?: unknown };
  if (typeof Dir !== 'string') throw new Error(`go mod download reported no folder: ${json}`);
  return Dir;
};

/** Extracts the manifest from the Go module of the same release. */
export const manifestFromModule = (pin: ManifestPin): ArtifactSource => ({
  name: 'go',
  make: async (dir, work) => {
    work.report('downloading', `Go module ${pin.go.requires}`);
    const command = ['go', 'mod', 'download', '-json', pin.go.requires] as const;
    const { stdout } = await runGo(work, command, inModule(work, pin.go.module));
    await mkdir(dir, { recursive: true });
    await copyFile(join(moduleDir(stdout), pin.go.path), join(dir, fileName(pin)));
  },
});
