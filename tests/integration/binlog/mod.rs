//! What only servers with a binary log do: the behaviours that MySQL and MariaDB share. Which of
//! them run on which server is listed in `mysql.rs` and `mariadb.rs`.

pub mod broken;
pub mod drain;
pub mod kinds;
pub mod sequences;
pub mod size;
pub mod snapshot;
pub mod text_keys;
pub mod xa;
