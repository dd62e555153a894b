import { existsSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { detectPlatform } from '../../../src/artifacts/platform.ts';
import { mirroredUrl, planRelease } from '../../../src/artifacts/sources/release.ts';
import { pins } from '../../../src/config/versions.ts';
import { sha256OfFile } from '../../../src/lib/files.ts';
import { serveFolder } from './file-server.ts';

const folders = (process.env['PATH'] ?? '').split(':').filter(Boolean);
const hasMinikube = (folder: string): boolean => existsSync(join(folder, 'minikube'));

/** PATH without the folders that have a minikube. */
export const pathWithoutMinikube = folders.filter((folder) => !hasMinikube(folder)).join(':');

/** A mirror that serves the minikube on PATH as the pinned release, from a folder that is made for it. */
export const serveMinikube = async (dir: string) => {
  const program = folders.find(hasMinikube);
  if (program === undefined) throw new Error('no minikube on PATH');
  const { version, files, release } = pins.minikube;
  const { arch } = await detectPlatform();
  for (const { officialUrl, officialChecksumUrl } of planRelease({ version, files, release }, release, { arch })) {
    const [file, checksum] = [officialUrl, officialChecksumUrl].map((url) => mirroredUrl(dir, url));
    if (file === undefined || checksum === undefined) continue;
    await mkdir(dirname(file), { recursive: true });
    await symlink(join(program, 'minikube'), file);
    await writeFile(checksum, `${await sha256OfFile(file)}\n`);
  }
  return serveFolder(dir);
};
