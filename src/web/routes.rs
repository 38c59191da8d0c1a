//! The one list of what can be asked for. A route cannot be added without saying who may ask.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware;
use axum::routing::{MethodFilter, on};

use super::console::access::Needs;
use super::console::{self, Console};
use super::request;
use super::scim::Scim;
use super::scim::caller;

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// An IdP with a credential of the connection in the path.
    Connection,
    /// Somebody who is signed in to the console and may see or do this.
    Console(Needs),
}

/// One thing that can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// How.
    pub method: Method,
    /// Where, with `{parameters}`.
    pub path: String,
    /// By whom.
    pub access: Access,
}

/// The routes.
#[derive(Debug, Default)]
pub struct Routes {
    router: Router,
    list: Vec<Route>,
}

impl Routes {
    /// Adds a route that anybody may ask.
    #[must_use]
    pub(super) fn public<H, T, S>(mut self, method: Method, path: &str, handler: H, state: &S) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
        S: Clone + Send + Sync + 'static,
    {
        self.router = self.router.route(path, on(filter(&method), handler).with_state(state.clone()));
        self.list.push(Route { method, path: path.to_owned(), access: Access::Public });
        self
    }

    /// Adds a route that only a caller of the connection in its path may ask.
    #[must_use]
    pub(super) fn connection<H, T>(mut self, method: Method, path: &str, handler: H, scim: &Arc<Scim>) -> Self
    where
        H: Handler<T, Arc<Scim>>,
        T: 'static,
    {
        let guard = middleware::from_fn_with_state(Arc::clone(scim), caller::admit);
        let route = on(filter(&method), handler).route_layer(guard).with_state(Arc::clone(scim));
        self.router = self.router.route(path, route);
        self.list.push(Route { method, path: path.to_owned(), access: Access::Connection });
        self
    }

    /// Adds a page or an action of the console.
    #[must_use]
    pub(super) fn console<H, T>(
        mut self,
        method: Method,
        path: &str,
        needs: Needs,
        handler: H,
        console: &Arc<Console>,
    ) -> Self
    where
        H: Handler<T, Arc<Console>>,
        T: 'static,
    {
        let guard = middleware::from_fn_with_state((Arc::clone(console), needs), console::access::admit);
        let route = on(filter(&method), handler).route_layer(guard).with_state(Arc::clone(console));
        self.router = self.router.route(path, route);
        self.list.push(Route { method, path: path.to_owned(), access: Access::Console(needs) });
        self
    }

    /// Every route, in the order in which they were added.
    #[must_use]
    pub fn list(&self) -> &[Route] {
        &self.list
    }

    pub(super) fn into_router(self) -> Router {
        self.router.route_layer(middleware::from_fn(request::note_route))
    }
}

/// GET answers HEAD too (RFC 9110 §9.3.2); axum leaves the body away.
#[expect(clippy::expect_used, reason = "methods are constants at every call; the router is built in every test")]
fn filter(method: &Method) -> MethodFilter {
    MethodFilter::try_from(method.clone()).expect("a standard method")
}
