import { test } from 'vitest';
import { parseChallenge } from '../src/artifacts/sources/registry.ts';
import { parseRoute } from '../src/cluster/attach/route.ts';
import { noteVersion } from '../src/cluster/attach/verify.ts';
import { parseDockerInfo } from '../src/cluster/minikube/docker/daemon.ts';
import { describeEvent, isRuntimeReady, parseEvents } from '../src/cluster/minikube/events.ts';
import { minikubeFailure } from '../src/cluster/minikube/failures.ts';
import { parseImages } from '../src/cluster/minikube/images.ts';
import { parseProfile } from '../src/cluster/minikube/profile.ts';
import { parsePolicies, parseRoutes } from '../src/cluster/native/routes.ts';
import { parseVpnLinks } from '../src/commands/exposure/links.ts';
import { judgeTunnels as judgeTunnelProblems } from '../src/commands/status/tunnels.ts';
import { isTunnelDaemonStatus } from '../src/daemon/status.ts';
import type { InstanceRecord } from '../src/instance/record.ts';
import { parseFields } from '../src/lib/json.ts';
import { parseResources } from '../src/lib/kube/discovery.ts';
import type { KubeHttp } from '../src/lib/kube/http.ts';
import { watchObjects } from '../src/lib/kube/watch.ts';
import { validateMasterConfig } from '../src/master/rules/validate.ts';
import type { TunnelDaemonStatus } from '../src/model/tunnel-status.ts';
import { judge as judgeHostPort } from '../src/proof/closed/host-port.ts';
import { parseMasterInfo } from '../src/proof/probe/placeholder-master.ts';
import { dialMaster } from '../src/proof/probe/reverse.ts';
import { askMaster, openSession } from '../src/proof/real-master/api.ts';
import { parseEvent } from '../src/supervisor/launch.ts';
import { isSupervisorStatus } from '../src/supervisor/status-socket.ts';
import { judgeTunnels } from '../src/tunnel/ngrok/agent.ts';
import { startAgent } from '../src/tunnel/ngrok/process.ts';
import { findOpenPort, isArrival, isDebugLine, isNoise, parseHost } from '../src/tunnel/ssh/command.ts';
import { sshError } from '../src/tunnel/ssh/errors.ts';
import { fuzz, slowInputs } from './support/fuzz/count.ts';
import { startFigures, timeout } from './support/fuzz/figures.ts';
import { mutateJson, mutateText } from './support/fuzz/mutate.ts';
import * as seeds from './support/fuzz/seeds.ts';

const expectNone = startFigures();
const signal = new AbortController().signal;
const master = { scheme: 'http', host: '10.0.0.1', port: 8080, via: 'direct' } as const;

test('lines of background processes: start events and answers on their sockets', { timeout }, async () => {
  expectNone('start events', await fuzz((random) => parseEvent(mutateJson(seeds.starterEvents, random))));
  const supervisor = await fuzz((random) =>
    isSupervisorStatus(parseFields(mutateJson(seeds.supervisorStatus, random))),
  );
  expectNone('supervisor status', supervisor);
  const record = { name: 'dev', journal: [] } as unknown as InstanceRecord;
  const daemon = await fuzz((random) => {
    const status: unknown = parseFields(mutateJson(seeds.tunnelStatus, random));
    if (!isTunnelDaemonStatus(parseFields(JSON.stringify(status)))) return;
    judgeTunnelProblems({ record, status: status as TunnelDaemonStatus, again: 'again' });
  });
  expectNone('tunnel daemon status', daemon);
});

test('ngrok: lines of the log and answers of its API', { timeout }, async () => {
  const child = { pid: 1, ended: new Promise<string>(() => undefined), kill: async () => undefined };
  let onLine: ((line: string) => void) | undefined;
  const spawn = (_: unknown, options: { readonly onLine?: (line: string) => void } = {}) => {
    onLine = options.onLine;
    return child;
  };
  const runner = async () => ({ exitCode: 0, stdout: '', stderr: '' });
  const agent = startAgent(['ngrok'], { spawn, runner, env: {}, folder: '/' }, signal);
  agent.expect({ scheme: 'https', host: 'a', port: 443 });
  expectNone('ngrok log', await fuzz((random) => onLine?.(mutateJson(seeds.ngrokLines, random))));
  expectNone('ngrok API', await fuzz((random) => judgeTunnels(mutateJson(seeds.ngrokTunnels, random), 8080)));
});

test('ssh: lines of its log', { timeout }, async () => {
  const spec = {
    ...{ host: 'h', program: 'ssh', remotePort: 0, bindAddress: '0.0.0.0', hostKeyPolicy: 'accept-new' as const },
    ...{ serverAliveInterval: 1, serverAliveCountMax: 1 },
  };
  const read = await fuzz((random) => {
    const line = mutateText(seeds.sshLines, random);
    for (const judge of [isDebugLine, isNoise]) judge(line);
    findOpenPort(line, { remotePort: 0, localPort: 8080 });
    isArrival(line, 40_000);
    sshError({ spec, host: parseHost(line), lines: [line], how: 'exited with 255' });
  });
  expectNone('ssh log', read);
});

test('the sample pod and the real master: answers', { timeout }, async () => {
  const pod = await fuzz((random) => {
    const ask = async () => mutateJson(seeds.dialAnswers, random);
    return dialMaster({ ask, master, ownPort: 1, found: { kind: 'none' }, placeholder: undefined });
  });
  expectNone('pod dial', pod);
  const closed = await fuzz((random) => judgeHostPort(mutateJson(seeds.dialAnswers, random), 0));
  expectNone('closed host port', closed);
  expectNone('master info', await fuzz((random) => parseMasterInfo(mutateJson(seeds.masterAnswers, random))));
  const api = await fuzz(async (random) => {
    const http = async () => ({
      status: random.pick([200, 200, 200, 400]),
      text: mutateJson(seeds.masterAnswers, random),
    });
    const ignored = () => undefined;
    await askMaster(http, signal).catch(refused);
    const login = async () => ({ status: 200, text: '{"token":"t"}' });
    const session = await openSession(random.below(2) === 0 ? http : login, { username: 'u', password: 'p' }, signal);
    await session.find('c', signal).catch(refused).then(ignored);
  });
  expectNone('real master', api);
});

/** One of our errors is an answer, and the next call is to be tried too. */
const refused = (error: unknown): void => {
  if (!(error instanceof Error && error.name === 'UserError')) throw error;
};

test('Minikube, Docker and ip: what they print', { timeout }, async () => {
  const events = await fuzz((random) => {
    const text = mutateJson(seeds.minikubeEvents, random);
    for (const event of parseEvents(text)) [describeEvent(event), isRuntimeReady(event)];
    minikubeFailure({ what: 'x', result: { exitCode: 80, stdout: text, stderr: text }, logPath: '/l' });
  });
  expectNone('minikube events', events);
  const profile = await fuzz((random) =>
    parseProfile('p', mutateJson(seeds.minikubeProfiles, random), mutateJson(seeds.minikubeStates, random)),
  );
  expectNone('minikube profile', profile);
  expectNone('minikube images', await fuzz((random) => parseImages(mutateJson([[{ repoTags: ['a:1'] }]], random))));
  expectNone('docker info', await fuzz((random) => parseDockerInfo(mutateJson(seeds.dockerInfo, random))));
  const ip = await fuzz((random) => {
    const text = mutateJson(seeds.ipOutput, random);
    parseRoutes(text, 'tg-1');
    parsePolicies(text);
    parseVpnLinks(text);
    parseRoute(text, text);
  });
  expectNone('ip', ip);
});

test('an API server: lists, events of a watch, discovery, version', { timeout }, async () => {
  const watch = await fuzz(async (random) => {
    const stop = new AbortController();
    let asked = 0;
    const http: KubeHttp = async () => {
      if (++asked === 4) stop.abort();
      return {
        text: async () => mutateJson(seeds.podLists, random),
        lines: async function* () {
          for (let left = 3; left > 0; left--) yield mutateJson(seeds.watchEvents, random);
        },
      };
    };
    const selection = { apiVersion: 'v1', kind: 'Pod' };
    const input = { http, pathOf: async () => '/x', selection, signal: stop.signal, reconnectPauseMs: 0 };
    for await (const objects of watchObjects(input)) objects.map(({ metadata }) => metadata.name.length);
  });
  expectNone('watch', watch);
  expectNone('discovery', await fuzz((random) => parseResources(mutateJson(seeds.apiResources, random))));
  const version = [{ major: '1', minor: '34+', gitVersion: 'v1.34.0' }] as const;
  expectNone('version', await fuzz((random) => noteVersion(mutateJson(version, random))));
});

test('registries and files of the user', { timeout }, async () => {
  expectNone('registry challenge', await fuzz((random) => parseChallenge(mutateText(seeds.registryHeaders, random))));
  const files = await fuzz((random) => validateMasterConfig(mutateText(seeds.masterFiles, random)), {
    inputs: slowInputs,
  });
  expectNone('master file', files);
});
