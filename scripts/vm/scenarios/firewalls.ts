import { check, type Outcome, type Scenario, type Session, succeed } from './session.ts';

const ansi = /\[[\d;]*m/g;

/** The command that a hint gives for a firewall, `undefined` where it gives none. */
export const findFirewallCommand = (output: string, program: string): string | undefined =>
  new RegExp(`(?:sudo )?(${program} [^\`;,\\n]*tg-[0-9a-f]+[^\`;,\\n]*?)(?=[\`;,.]|\\s\\(|$)`, 'm').exec(
    output.replaceAll(ansi, ''),
  )?.[1];

/** Either `up` passes the firewall, or its hint has the command that makes it pass. */
const upThroughFirewall = async ({ run, root }: Session, program: string): Promise<Outcome> => {
  const first = await run('npm', 'run', 'dev-cluster');
  if (first.exitCode === 0) return first;
  const command = findFirewallCommand(first.output, program);
  check(command !== undefined, `the hint gives no command of ${program}`);
  await root(command ?? '');
  return run('npm', 'run', 'dev-cluster');
};

const behind = (name: string, program: string, start: string): Scenario => ({
  title: `up behind ${name}, by the command of its own hint where it needs one`,
  run: async (session) => {
    await session.root(start);
    await succeed(upThroughFirewall(session, program));
    await succeed(session.run('npm', 'run', 'smoke'));
    await succeed(session.run('npm', 'run', 'dev-cluster:down'));
  },
});

/** As on RHEL and Fedora Server: zone public, which rejects. */
export const firewalld = behind('firewalld', 'firewall-cmd', 'systemctl start firewalld && firewall-cmd --state');

/** As on Ubuntu when it is turned on: it drops. */
export const ufw = behind('ufw', 'ufw', 'ufw allow 22/tcp && ufw --force enable');
