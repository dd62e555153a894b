import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command, RunOptions } from '../../lib/process/runner.ts';
import type { GoPin } from '../../model/pins.ts';
import type { ArtifactSource, Work } from '../item.ts';
import { goDirs } from '../store/build-caches.ts';
import { scratchDir } from '../store/cache.ts';
import { runTool, type Tool } from './tool.ts';

/** Go's caches are in taskgate's cache: they are removed with it, and an interrupted build resumes. */
export const goEnvironment = (cacheDir: string): Readonly<Record<string, string>> => ({
  CGO_ENABLED: '0',
  GOFLAGS: '-modcacherw',
  GOWORK: 'off',
  GOMODCACHE: goDirs(cacheDir).mod,
  GOCACHE: goDirs(cacheDir).build,
  // /tmp is often small, and is not cleaned up after a crash
  GOTMPDIR: scratchDir(cacheDir),
});

const listCommand = ({ packages }: GoPin): Command => ['go', 'list', '-mod=readonly', '-deps', ...packages];

/** `output` is a file for one package, and a folder for several. */
export const buildCommand = ({ packages, ldflags }: GoPin, output: string): Command => {
  const flags = ['-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', ldflags, '-v'];
  return ['go', 'build', ...flags, '-o', output, ...packages];
};

export const go: Tool = {
  name: 'go',
  missing: {
    id: 'artifact.go-missing',
    hint: 'install Go 1.25 or newer (https://go.dev/dl), or give --mirror or --bundle',
  },
  known: [
    {
      pattern: /requires go >= (\S+) \(running go (\S+?)[;)]/,
      message: (_, needed, present) => `go ${present} is too old: ${needed} or newer is needed`,
      id: 'artifact.go-too-old',
      hint: 'install a newer Go, or let it download one (GOTOOLCHAIN=auto)',
    },
    {
      pattern: /verifying (\S+): checksum mismatch/,
      message: (_, module) => `${module} does not match go.sum: checksum mismatch`,
      id: 'artifact.checksum',
      hint: 'the Go proxy serves different content than the public proxy: check GOPROXY in `go env`',
    },
    {
      pattern: /([\w.~/-]+@v[\w.+-]+): .*(?:404|410|not found|unknown revision|invalid version)/i,
      message: (_, module) => `the Go proxy does not serve the pinned ${module}`,
      id: 'artifact.pin-missing',
      hint: 'use a proxy that has it (GOPROXY in `go env`), or give --mirror or --bundle',
    },
    {
      pattern: /x509: [^\n"]*/,
      message: (reason) => `the Go proxy is not trusted: ${reason}`,
      id: 'artifact.untrusted-certificate',
      hint: 'is a proxy of your company in between? Give the go command its CA: SSL_CERT_FILE=CA.pem',
    },
    {
      pattern: /GOPROXY=off|dial tcp[^\n"]*|i\/o timeout|TLS handshake[^\n"]*/,
      message: (reason) => `the Go proxy cannot be reached: ${reason}`,
      id: 'artifact.go-proxy-unreachable',
      hint: 'check the network and GOPROXY in `go env`, or give --mirror or --bundle',
    },
  ],
  otherwise: {
    id: 'artifact.build-failed',
    hint: 'check `go version` and `go env`, or give --mirror or --bundle',
  },
};

/** Runs the go command. Throws UserErrors that explain its failure. */
export const runGo = (work: Work, command: Command, options: RunOptions) =>
  runTool(work, command, { tool: go, ...options });

/** In the folder of a module of `templates/go`. */
export const inModule = ({ templatesDir, cacheDir }: Work, module: GoPin['module']) => ({
  cwd: join(templatesDir, 'go', module),
  env: goEnvironment(cacheDir),
});

/** Downloads the modules of a build, and counts its packages. */
const fetchModules = async (work: Work, pin: GoPin): Promise<number> => {
  let modules = 0;
  work.report('downloading', 'Go modules, waiting for go list');
  const onLine = (line: string) => {
    if (!line.startsWith('go: downloading ')) return;
    modules += 1;
    work.report('downloading', `${modules} Go modules`, line.split(' ')[2]);
  };
  const { stdout } = await runGo(work, listCommand(pin), { ...inModule(work, pin.module), onLine });
  return stdout.split('\n').length;
};

/** Builds programs from a Go module. Modules are downloaded during other builds; the build itself waits for its turn. */
export const goSource = (pin: GoPin, files: readonly string[]): ArtifactSource => ({
  name: 'go',
  make: async (dir, work) => {
    const total = await fetchModules(work, pin);
    work.report('waiting', 'another build to end');
    await work.buildQueue(async () => {
      work.signal.throwIfAborted();
      let done = 0;
      const reportBuilding = (now?: string) => work.report('building', `${done} of at most ${total} packages`, now);
      reportBuilding();
      await mkdir(dir, { recursive: true });
      const output = pin.packages.length > 1 ? `${dir}/` : join(dir, files[0] ?? pin.module);
      const onLine = (line: string) => {
        if (line.startsWith('go: ')) return;
        done += 1;
        reportBuilding(line);
      };
      await runGo(work, buildCommand(pin, output), { ...inModule(work, pin.module), onLine });
    });
  },
});
