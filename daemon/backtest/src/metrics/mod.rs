//! What came of a backtest, in figures: pure functions from curves, trades, fills and bars to the
//! documents of `trader_rpc`. Runs nothing and keeps nothing; each file says how its figures are made.
//!
//! # Conventions
//! - A return is simple: the new value over the old one, less one. There is no risk-free rate. A year
//!   has 252 sessions, or 365.25 days where the figure's name says calendar.
//! - A figure that the input does not define is `None`, never zero, infinite or a large number that
//!   stands for infinite: a Sharpe ratio without any deviation, a profit factor without a loss, a
//!   drawdown's end while it lasts.
//! - Money is summed exactly. Ratios are `f64`, made once, at the end.
//! - Annual figures of a short curve are extrapolated like those of a long one; whoever shows them
//!   shows the number of returns beside them.
//!
//! # Sources
//! | figure | source | convention here |
//! |---|---|---|
//! | Sharpe ratio | W. F. Sharpe, *The Sharpe Ratio*, Journal of Portfolio Management 21 (1994) | ex post, sample deviation, times the root of 252; the root holds for returns without serial correlation (A. W. Lo, *The Statistics of Sharpe Ratios*, Financial Analysts Journal 58, 2002) |
//! | Sortino ratio | F. A. Sortino and R. van der Meer, *Downside Risk*, Journal of Portfolio Management 17 (1991) | target zero; the downside deviation is the root of the mean over all returns |
//! | Calmar ratio | T. W. Young, *Calmar Ratio: A Smoother Tool*, Futures 20 (1991) | over the whole curve instead of 36 months, from daily values |
//! | ulcer index | P. G. Martin and B. B. McCann, *The Investor's Guide to Fidelity Funds* (1989) | as a share, not in percent; all points, the first included |
//! | VaR | J. P. Morgan, *RiskMetrics Technical Document* (1996) | 95 %, one day, as a return; quantile of type 7 in R. J. Hyndman and Y. Fan, *Sample Quantiles in Statistical Packages*, The American Statistician 50 (1996) |
//! | CVaR | R. T. Rockafellar and S. Uryasev, *Optimization of Conditional Value-at-Risk*, Journal of Risk 2 (2000) | mean of the returns at or below the VaR |
//! | skewness, kurtosis | D. N. Joanes and C. A. Gill, *Comparing Measures of Sample Skewness and Kurtosis*, The Statistician 47 (1998) | their `g1` and `g2`: moments of the population |
//! | multiples of risk | V. K. Tharp, *Trade Your Way to Financial Freedom* (1998) | the risk is the distance from the average entry to the first stop |
//! | MAE, MFE | J. Sweeney, *Maximum Adverse Excursion* (1997) | in dollars, before fees, only what certainly happened: see [`Excursion`] |

mod breakdown;
mod buy_and_hold;
mod curve;
mod daily_drawdown;
mod drawdown;
mod equity_curve;
mod excursion;
mod statistics;
mod trades;

#[cfg(test)]
mod curve_tests;
#[cfg(test)]
mod excursion_tests;
#[cfg(test)]
mod golden_tests;
#[cfg(test)]
mod sample;

pub use breakdown::breakdown;
pub use buy_and_hold::{Held, buy_and_hold};
pub use curve::curve;
pub use drawdown::Drawdown;
pub use equity_curve::{EquityCurve, Step};
pub use excursion::Excursion;
pub use trades::trades;
