import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactSource, Work } from '../../src/artifacts/item.ts';
import { goEnvironment, runGo } from '../../src/artifacts/sources/go-build.ts';
import { digests } from '../../src/config/digests.ts';
import { UserError } from '../../src/lib/errors.ts';
import type { Command } from '../../src/lib/process/runner.ts';
import type { ModulePin } from './pins.ts';

/**
 * Downloads a module, checked against the checksum database, and gives its folder. Throws UserError `artifact.checksum` for
 * another module than the pinned one: GONOSUMDB and GOFLAGS=-insecure can turn the database off.
 */
export const fetchModule = async (
  work: Work,
  { module, version }: ModulePin,
  sums: Readonly<Record<string, string>> = digests.modules,
): Promise<string> => {
  await mkdir(join(work.cacheDir, 'scratch'), { recursive: true });
  const { stdout } = await runGo(work, ['go', 'mod', 'download', '-json', `${module}@${version}`], {
    cwd: work.cacheDir,
    env: goEnvironment(work.cacheDir),
  });
  const { Dir, Sum } = JSON.parse(stdout) as { readonly Dir: string; readonly Sum: string };
  const pinned = sums[`${module}@${version}`];
  if (pinned === undefined || pinned === Sum) return Dir;
  throw new UserError(`${module}@${version} has the sum ${Sum}, but ${pinned} is pinned`, {
    id: 'artifact.checksum',
    hint: 'the Go proxy serves different content than the public proxy: check GOPROXY in `go env`',
  });
};

/** `go install module@version` asks for the list of versions, which not every proxy gives; a build in its folder does not. */
export const moduleBuildCommand = (pin: ModulePin, output: string): Command => [
  'go',
  'build',
  '-mod=readonly',
  '-trimpath',
  '-buildvcs=false',
  ...(pin.tags ? ['-tags', pin.tags] : []),
  '-ldflags',
  pin.ldflags,
  '-v',
  '-o',
  output,
  pin.package,
];

/** Builds a program inside its own module; one build at a time. */
export const moduleSource = (pin: ModulePin): ArtifactSource => ({
  name: 'go',
  make: async (dir, work) => {
    work.report('downloading', `${pin.module} ${pin.version}`);
    const cwd = await fetchModule(work, pin);
    const env = { ...goEnvironment(work.cacheDir), CGO_ENABLED: pin.cgo ? '1' : '0' };
    await runGo(work, ['go', 'mod', 'download'], { cwd, env });
    work.report('waiting', 'another build to end');
    await work.buildQueue(async () => {
      let built = 0;
      await mkdir(dir, { recursive: true });
      const onLine = (line: string) => {
        built += 1;
        work.report('building', `${built} packages, now ${line}`);
      };
      await runGo(work, moduleBuildCommand(pin, join(dir, pin.name)), { cwd, env, onLine });
    });
  },
});
