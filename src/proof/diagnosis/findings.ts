import { findLinkTo } from './host-firewall.ts';
import {
  backendUnresolved,
  envoyDown,
  gatewayGone,
  listenerGone,
  listenerRefused,
  noAddress,
  noServicePort,
  notProgrammed,
  otherAddress,
  podNotAdmitted,
  routeRefused,
} from './object-rules.ts';
import type { BrokenHop, BrokenPath, HopRule } from './rule.ts';
import {
  noAnswerBehindEnvoy,
  noRoute,
  refused,
  rejected,
  unpublished,
  unresolved,
  wrongAnswer,
} from './traffic-rules.ts';

/** Most specific first. */
const rules: readonly HopRule[] = [
  gatewayGone,
  listenerGone,
  unresolved,
  unpublished,
  listenerRefused,
  routeRefused,
  backendUnresolved,
  envoyDown,
  noAddress,
  noServicePort,
  otherAddress,
  podNotAdmitted,
  noAnswerBehindEnvoy,
  wrongAnswer,
  rejected,
  notProgrammed,
  refused,
];

/** The first broken hop of a port without the right answer, with its likely cause and what to do. */
export const findBrokenHop = (broken: Omit<BrokenPath, 'link'>, linkTo = findLinkTo): BrokenHop => {
  const path: BrokenPath = { ...broken, link: linkTo(broken.gateway.address) };
  for (const rule of rules) {
    const found = rule(path);
    if (found) return found;
  }
  return noRoute(path);
};
