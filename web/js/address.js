/** Where the server is: a proxy may have put all of it below a path of its own. */
const SERVER = new URL("..", import.meta.url);

/** The whole address of one of the server's paths, such as `/api/voices`. */
export function address(path) {
  return new URL(`.${path}`, SERVER).href;
}

/** The same of a path that the server gave: one that knows what it lies below has put that before the path already. */
export function given(path) {
  return path.startsWith(SERVER.pathname) ? new URL(path, SERVER).href : address(path);
}
