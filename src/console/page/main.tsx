/** The console's page. */
import { render } from "preact";
import { connect } from "./link/connection.ts";
import { App } from "./shell/app.tsx";

const root = document.getElementById("app");
if (root !== null) render(<App />, root);
void connect();
