export { CookieJar, type JarRequest } from './cookie-jar.ts';
export { type FakeClock, fakeClock } from './fake-clock.ts';
export {
  type Fault,
  type FaultPlan,
  type FaultyStore,
  faultyStore,
  type StoreCall,
  type Verb,
} from './faulty-store.ts';
export type { CaseContext, Need, StoreCase } from './store-cases/case.ts';
export { type Runner, reasonToSkip, runStoreCase, storeCases, testStore } from './store-suite.ts';
export { sessionTransaction, withSession } from './with-session.ts';
