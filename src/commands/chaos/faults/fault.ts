import type { Kube } from '../../../lib/kube/client.ts';
import type { Verdict } from '../../../lib/wait.ts';

/** What is broken now, as it was seen to be. */
export type Broken = {
  /** What was seen of it, in a few words. */
  readonly seen: string;
  /** Ends what lasts; throws UserError `proof.not-injected` where it was not broken any more. */
  readonly lift?: () => Promise<void>;
  /** Whether what was broken is there again. */
  readonly isBack: () => Promise<Verdict>;
};

/** One fault, ready to be injected. */
export type Fault = {
  /** The client by which all goes while it lasts; the usual one unless given. */
  readonly kube?: Kube;
  /** Breaks it, and looks that it is broken. Throws UserError `proof.not-injected` otherwise. */
  readonly inject: () => Promise<Broken>;
  /** What has to be done from outside before it can come back: the next `up`. Due as soon as `inject` was tried. */
  readonly repair?: () => Promise<void>;
  /** Takes away what was prepared. */
  readonly close?: () => Promise<void>;
};
