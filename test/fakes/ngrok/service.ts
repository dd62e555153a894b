import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Invocation } from './settings.ts';

/** What the account of STAND_IN_NGROK_TOKEN may do. Agents of one account share the folder STAND_IN_NGROK_STATE. */
const account = {
  token: process.env['STAND_IN_NGROK_TOKEN'] ?? 'stand-in-token-of-an-account',
  /** Three on a free plan. */
  agents: Number(process.env['STAND_IN_NGROK_AGENTS'] ?? 3),
  /** `free` admits no agent behind a proxy. */
  plan: process.env['STAND_IN_NGROK_PLAN'],
  state: process.env['STAND_IN_NGROK_STATE'],
  /** Domains and TCP addresses that are reserved, separated by commas; any, unless given. */
  reserved: process.env['STAND_IN_NGROK_RESERVED']?.split(','),
};

const withCode = (text: string, code: number): string => `${text}\r\n\r\nERR_NGROK_${code}\r\n`;

const refuseToken = (authtoken: string | undefined): string | undefined => {
  const failed = 'authentication failed: ';
  if (!authtoken) {
    const text =
      'This ngrok session is not authenticated. ngrok requires an account and a valid credential to start a session.';
    return withCode(failed + text, 4018);
  }
  if (authtoken.length < 20) {
    const text = `${failed}The authtoken you specified does not look like a proper ngrok authtoken.`;
    return withCode(`${text}\nYour authtoken: ${authtoken}`, 105);
  }
  if (authtoken === account.token) return undefined;
  const text = `${failed}The authtoken you specified is properly formed, but it is invalid.`;
  return withCode(`${text}\nYour authtoken: ${authtoken}`, 107);
};

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`);

/** The addresses of the account's live agents, by pid. */
const liveAgents = (state: string): readonly string[] =>
  readdirSync(state)
    .filter((pid) => isAlive(Number(pid)))
    .map((pid) => readFileSync(join(state, pid), 'utf8'));

const refuseSession = (url: string | undefined): string | undefined => {
  if (!account.state) return undefined;
  mkdirSync(account.state, { recursive: true });
  const agents = liveAgents(account.state);
  if (url && agents.includes(url)) {
    const ways =
      '1. stop your existing endpoint first, or\n2. start both endpoints with `--pooling-enabled` to load balance between them.';
    return withCode(`failed to start tunnel: The endpoint '${url}' is already online. Either\n${ways}`, 334);
  }
  if (agents.length >= account.agents) {
    const limit = `Your account is limited to ${account.agents} simultaneous ngrok agent sessions.`;
    return withCode(`authentication failed: ${limit}`, 108);
  }
  writeFileSync(join(account.state, String(process.pid)), url ?? '');
  return undefined;
};

const refuseAddress = ({ url, protocol }: Invocation): string | undefined => {
  if (!url || !account.reserved || account.reserved.includes(url)) return undefined;
  return protocol === 'tcp'
    ? withCode('failed to start tunnel: You must reserve an address for your account before it can be used.', 307)
    : withCode('failed to start tunnel: You must reserve a custom hostname for your account.', 319);
};

const refuseProxy = ({ proxy }: Invocation): string | undefined =>
  account.plan === 'free' && proxy
    ? withCode('authentication failed: Running the agent with an http/s proxy is a paid feature.', 9009)
    : undefined;

const refusePolicy = ({ policyFile }: Invocation): string | undefined => {
  if (!policyFile) return undefined;
  if (!existsSync(policyFile))
    return `failed to read traffic policy file: open ${policyFile}: no such file or directory`;
  const text = readFileSync(policyFile, 'utf8');
  return text.includes('no-such-action')
    ? withCode('failed to start tunnel: Invalid policy action type `no-such-action`.', 2201)
    : undefined;
};

/** Why the stand-in's service refuses an agent, in the documented words and codes; else the agent is counted. */
export const claim = (invocation: Invocation): string | undefined =>
  refuseToken(invocation.authtoken) ??
  refuseProxy(invocation) ??
  refuseAddress(invocation) ??
  refusePolicy(invocation) ??
  refuseSession(invocation.url);
