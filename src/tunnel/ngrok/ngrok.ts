import { instancePaths } from '../../instance/paths.ts';
import type { NgrokSpec } from '../../instance/tunnels.ts';
import { withoutUndefined } from '../../lib/defined.ts';
import { UserError } from '../../lib/errors.ts';
import { findTextFile, writeFileAtomically } from '../../lib/files.ts';
import { freePort } from '../../lib/free-port.ts';
import { CommandError } from '../../lib/process/runner.ts';
import { polling, waitUntil } from '../../lib/wait.ts';
import { isSameAddress, originOf, type PublicAddress } from '../../model/master-endpoint.ts';
import type { TunnelDriver } from '../tunnel.ts';
import {
  agentCommand,
  askAgent,
  configVersionOf,
  findOldAgent,
  renderAgentConfig,
  renderTrafficPolicy,
} from './agent.ts';
import { finalNgrokErrors, findNgrokTrouble, findTokens, ngrokError } from './errors.ts';
import { configPlaces, findConfinement } from './places.ts';
import { type Agent, type AgentTools, startAgent } from './process.ts';

/** `patienceMs`: the longest wait for the public address; 30 s unless given. */
export type NgrokTools = AgentTools & { readonly patienceMs?: number };

/** Throws `tunnel.ngrok-missing` or `tunnel.ngrok-old`. */
const verifyAgent = async ({ program }: NgrokSpec, { runner, env }: NgrokTools): Promise<void> => {
  try {
    const { stdout } = await runner([program, 'version'], { env: withoutUndefined(env), timeoutMs: 10_000 });
    const old = findOldAgent(stdout);
    if (old) throw new UserError(`${program} is ${old}`, { id: 'tunnel.ngrok-old', hint: 'run: ngrok update' });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (error.exitCode !== undefined || error.timedOut) throw ngrokError(error.message);
    const isThere = !/ENOENT/.test(error.message);
    throw new UserError(
      isThere ? `${program} cannot be run: ${error.message}` : `The program ${program} was not found`,
      {
        id: 'tunnel.ngrok-missing',
        hint: 'install it (https://ngrok.com/download), or name it by ngrok.program',
        cause: error,
      },
    );
  }
};

const longestConfigBytes = 2 ** 20;

/** The user's own configuration: that of the settings, or the one that the agent itself would read. */
const findConfig = async ({ configFile }: NgrokSpec, env: NgrokTools['env']) => {
  for (const path of configFile ? [configFile] : configPlaces(env)) {
    const text = await findTextFile(path, longestConfigBytes);
    if (text !== undefined) return { path, text };
  }
  if (!configFile) return undefined;
  const hint = 'fix ngrok.configFile, or leave it out for the file that ngrok reads by default';
  throw new UserError(`no configuration of ngrok at ${configFile}`, { id: 'tunnel.ngrok-config', hint });
};

/** Writes taskgate's settings to a file of their own; returns the files in the order in which the agent merges them, and the secrets in them. */
const writeConfig = async (spec: NgrokSpec, { env, folder }: NgrokTools, apiPort: number) => {
  const found = await findConfig(spec, env);
  const own = instancePaths(folder).ngrokConfigPath;
  const text = found?.text ?? '';
  await writeFileAtomically(own, renderAgentConfig(configVersionOf(text), apiPort));
  return { config: found ? [found.path, own] : [own], secrets: findTokens(text) };
};

/** The traffic policy of the agent: the user's own, or one that admits only the ranges of the settings. */
const writePolicy = async (spec: NgrokSpec, { folder }: NgrokTools): Promise<string | undefined> => {
  const { allowFrom, trafficPolicyFile } = spec;
  if (!allowFrom) return trafficPolicyFile;
  const path = instancePaths(folder).ngrokPolicyPath;
  await writeFileAtomically(path, renderTrafficPolicy(spec, allowFrom));
  return path;
};

const notUpHint = 'its words are in logs/tunnel.log of the instance; ngrok diagnose tests the way to ngrok';

type Ports = { readonly apiPort: number; readonly localPort: number };
type Limits = { readonly signal: AbortSignal; readonly timeoutMs: number };

/**
 * Waits for the address in the agent's log, and until its API has the same: others may hold the API's port, and no address
 * is taken from it.
 */
const awaitAddress = async (agent: Agent, ports: Ports, { signal, timeoutMs }: Limits): Promise<PublicAddress> => {
  const gone = new AbortController();
  void agent.ended.then((why) => gone.abort(ngrokError(why)));
  const both = AbortSignal.any([signal, gone.signal]);
  const options = { timeoutMs, signal: both, id: 'tunnel.ngrok-not-up', hint: notUpHint } as const;
  let logged: PublicAddress | undefined;
  void agent.started.then((address) => {
    logged = address;
  });
  const look = polling(async (until) => ({ answer: await askAgent(ports, until), logged }), 100);
  const judge = ({ answer, logged }: { answer: PublicAddress | string; logged: PublicAddress | undefined }) => {
    if (typeof answer === 'string') return answer;
    if (!logged) return 'its log has no tunnel yet';
    return isSameAddress(answer, logged) || `its API has ${originOf(answer)}, its log ${originOf(logged)}`;
  };
  const seen = await waitUntil('ngrok', look, judge, options).catch((error: unknown) => {
    signal.throwIfAborted();
    // the agent's own failures say more than that there is no tunnel yet
    throw !gone.signal.aborted && agent.failures() ? ngrokError(agent.failures()) : error;
  });
  if (!seen.logged) throw new Error('no address');
  return seen.logged;
};

/** What the agent's log and its API say of a tunnel that was up. */
const reportOf =
  (agent: Agent, address: PublicAddress, ports: Ports) =>
  async (signal: AbortSignal): Promise<true | string> => {
    const session = agent.session();
    if (session !== true) return session;
    const answer = await askAgent(ports, signal);
    if (typeof answer === 'string') return `the agent no longer reports the tunnel: ${answer}`;
    return isSameAddress(answer, address) || `the agent reports ${originOf(answer)} instead of ${originOf(address)}`;
  };

/**
 * A free account has 20,000 HTTP requests and 5,000 TCP connections a month (https://ngrok.com/docs/pricing-limits/free-plan-limits):
 * of these the questions of a tunnel that is always open take 7 %, and less than a tenth whatever happens.
 */
const askEveryMinutes = { http: 30, tcp: 120 } as const;

/** What ngrok answers in place of the endpoint. */
const explain = (seen: string): UserError | undefined => (findNgrokTrouble(seen) ? ngrokError(seen) : undefined);

/** An agent that ends so often before it has worked will not. */
const endsAtFirst = 3;

/**
 * A tunnel by the ngrok agent, which must be installed. Its authtoken comes from NGROK_AUTHTOKEN or from ngrok's own
 * configuration, the tunnel's address from the agent's log. Tested in test/process/ngrok.test.ts.
 */
export const ngrokTunnel = (spec: NgrokSpec, tools: NgrokTools): TunnelDriver => {
  let ends = 0;
  return {
    kind: 'ngrok',
    askEveryMs: (spec.probeMinutes ?? askEveryMinutes[spec.tcpAddress ? 'tcp' : 'http']) * 60_000,
    explain,
    target: `ngrok ${spec.tcpAddress ?? spec.domain ?? '(address by ngrok)'}`,
    open: async ({ localPort, signal }) => {
      await verifyAgent(spec, tools);
      signal.throwIfAborted();
      const apiPort = await freePort();
      const { config, secrets } = await writeConfig(spec, tools, apiPort);
      const files = { config, policy: await writePolicy(spec, tools) };
      const agent = startAgent(agentCommand(spec, localPort, files), { ...tools, secrets }, signal);
      try {
        const { patienceMs: timeoutMs = 30_000 } = tools;
        const address = await awaitAddress(agent, { apiPort, localPort }, { signal, timeoutMs });
        agent.expect(address);
        ends = Number.NEGATIVE_INFINITY;
        const look = reportOf(agent, address, { apiPort, localPort });
        const report = { look, changed: agent.sessionChange };
        return { address, report, ended: agent.ended, close: agent.close };
      } catch (error) {
        await agent.close();
        ends++;
        signal.throwIfAborted();
        if (agent.hasLog()) throw error;
        const read = [...files.config, ...(files.policy ? [files.policy] : [])];
        throw (
          (await findConfinement({ files: read, program: spec.program, said: await agent.ended }, tools.env)) ?? error
        );
      }
    },
    isFinal: ({ id }) => finalNgrokErrors.includes(id) || (id === 'tunnel.ngrok-ended' && ends >= endsAtFirst),
    // by https ngrok names it in a header of its own; by TCP it does not
    findOriginator: async (_, head) => /^x-forwarded-for: *([0-9a-f.:]+)/im.exec(head.toString('latin1'))?.[1],
  };
};
