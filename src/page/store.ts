import { readAddress, type View, writeAddress } from "./view.ts";

/** The view and who wants to know of its changes. */
export interface Store {
  readonly view: () => View;
  /** Changes the view and the address. */
  readonly change: (changes: Partial<View>) => void;
  /** Calls now, and after every change. */
  readonly follow: (follower: (view: View) => void) => void;
}

/** A store that begins with what the address asks for and follows it. @param valid puts right what does not exist */
export function createStore(start: View, valid: (view: View) => View, signal: AbortSignal): Store {
  const followers: ((view: View) => void)[] = [];
  let view = valid(readAddress(location.hash, start));
  const tell = (): void => {
    for (const follower of followers) follower(view);
  };
  addEventListener(
    "hashchange",
    () => {
      view = valid(readAddress(location.hash, start));
      tell();
    },
    { signal },
  );
  return {
    view: () => view,
    change: (changes) => {
      view = valid({ ...view, ...changes });
      const address = writeAddress(view, start);
      // A step of the slider is no step of the history.
      history.replaceState(null, "", address === "" ? location.pathname + location.search : `#${address}`);
      tell();
    },
    follow: (follower) => {
      followers.push(follower);
      follower(view);
    },
  };
}
