import { expect, test } from 'vitest';
import { findFirewallCommand } from '../../../scripts/vm/scenarios/firewalls.ts';

test.each([
  [
    'to fix: allow it: `sudo firewall-cmd --zone=trusted --add-interface=tg-1a2b3c4d`',
    'firewall-cmd',
    'firewall-cmd --zone=trusted --add-interface=tg-1a2b3c4d',
  ],
  [
    'to fix: ufw allow in on tg-1a2b3c4d to any port 8080 proto tcp',
    'ufw',
    'ufw allow in on tg-1a2b3c4d to any port 8080 proto tcp',
  ],
  [
    'a firewall: ufw allow in on tg-1a2b3c4d to any port 8080 proto tcp, or: firewall-cmd --zone=trusted --add-interface=tg-1a2b3c4d',
    'ufw',
    'ufw allow in on tg-1a2b3c4d to any port 8080 proto tcp',
  ],
  ['to fix: give the node a route to this host', 'firewall-cmd', undefined],
])('%s', (output, program, command) => {
  expect(findFirewallCommand(output, program)).toBe(command);
});
