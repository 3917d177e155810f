import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { Controller } from "./state/controller";
import { Store } from "./state/store";
import "./styles/tokens.css";
import "./styles/page.css";
import "./styles/conversation.css";

const store = new Store();
const controller = new Controller(store);
const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");

createRoot(root).render(
  <StrictMode>
    <App store={store} controller={controller} />
  </StrictMode>,
);
void controller.load();
